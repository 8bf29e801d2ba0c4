"""Runs a program against Pulumi's mocks: what it asks the engine for, and what it exports.

A stand-in for the engine: it shows what is asked for, not that anybody takes it. The SDK keeps its
state in globals, so whoever calls this is a process of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pulumi
from pulumi.runtime import get_root_resource, mocks
from pulumi.runtime.stack import Stack, run_pulumi_func

from shimyard.provider.values import Secret, decode

Program = Callable[[], None] | Callable[[], Awaitable[None]]


class Answers(mocks.Mocks):
    """A base of what answers for the providers: nothing is looked up."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], None]:
        """The program asks for nothing."""
        raise NotImplementedError(args.token)


class _Monitor(mocks.MockMonitor):
    """Keeps the inputs as they are sent: the mocks' own way to read them drops every null."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(answers)
        self.kept: list[dict[str, Any]] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Keep the resource, then go on as usual."""
        self.kept.append(
            {
                "type": request.type,
                "name": request.name,
                "inputs": _plain(decode(request.object)),
                "parent": _name(request.parent),
                # 'Kind::name' of each.
                "after": sorted(f"{_kind(urn)}::{_name(urn)}" for urn in request.dependencies),
                "provider": _name(request.provider),
                "replaceOnChanges": list(request.replaceOnChanges),
            }
        )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def run(program: Program, answers: Answers, *, stack: str = "s") -> dict[str, Any]:
    """The ``resources`` and ``exports`` of a program. Raises what it raises."""
    monitor = _Monitor(answers)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(answers, project="shimyard", stack=stack, preview=False, monitor=monitor)
    try:
        exports = loop.run_until_complete(_exported(program))
    finally:
        loop.close()
    return {"resources": monitor.kept, "exports": exports}


async def _exported(program: Program) -> Any:
    await run_pulumi_func(program)
    root = get_root_resource()
    assert isinstance(root, Stack)
    return await pulumi.Output.from_input(root.outputs).future()


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _kind(urn: str) -> str:
    return urn.split("::")[-2].rpartition("$")[2].rpartition(":")[2]


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
