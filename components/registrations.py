"""What a large program owes to the Pulumi SDK before it waits."""

from __future__ import annotations

import asyncio


async def registrations_begun() -> None:
    """Let every registration begin: ``pulumi.run(registrations_begun)`` at a program's end.

    The SDK waits for the registrations that have begun, and then for single outputs. Where none
    has begun yet, it goes through all outputs each time that one of them is known: with a few
    hundred machines most of a program's time.
    """
    await asyncio.sleep(0)
