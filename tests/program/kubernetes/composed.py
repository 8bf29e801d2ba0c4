"""Runs a program that composes workloads of its own against Pulumi's mocks; prints its resources.

Usage: python -m tests.program.kubernetes.composed < PROGRAM
PROGRAM is Python text; it finds ``kubeconfig`` and ``runtime`` (settings with the wasmtime shim)
among its names. A stand-in for the engine and the cluster, as tests.program.kubernetes.rendered.
"""

from __future__ import annotations

import asyncio
import json
import sys

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func

from shimyard.settings import RuntimeSettings
from tests.program.kubernetes.examples import MACHINES
from tests.program.kubernetes.rendered import Monitor


def main() -> int:
    """Exit code 1 with the text of a RunError on stderr."""
    program = compile(sys.stdin.read(), "<program>", "exec")
    names = {
        "pulumi": pulumi,
        "kubeconfig": "{}",
        "runtime": RuntimeSettings.model_validate(MACHINES["runtime"]),
    }
    monitor = Monitor()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(monitor.mocks, project="shimyard", stack="s", preview=False, monitor=monitor)
    try:
        loop.run_until_complete(run_pulumi_func(lambda: exec(program, names)))  # noqa: S102
    except pulumi.RunError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        loop.close()
    json.dump(monitor.kept, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
