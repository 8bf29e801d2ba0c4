"""Runs a program that composes workloads of its own against Pulumi's mocks; prints its resources.

Usage: python -m tests.program.kubernetes.composed < PROGRAM
PROGRAM is Python text; it finds ``kubeconfig`` and ``runtime`` (settings with the wasmtime shim)
among its names. A stand-in for the engine and the cluster, as tests.program.kubernetes.rendered.
"""

from __future__ import annotations

import json
import sys

import pulumi

from shimyard.settings import RuntimeSettings
from tests.program.against_mocks import run
from tests.program.kubernetes.examples import MACHINES
from tests.program.kubernetes.rendered import Cluster


def main() -> int:
    """Exit code 1 with the text of a RunError on stderr."""
    program = compile(sys.stdin.read(), "<program>", "exec")
    names = {
        "pulumi": pulumi,
        "kubeconfig": "{}",
        "runtime": RuntimeSettings.model_validate(MACHINES["runtime"]),
    }
    try:
        made = run(lambda: exec(program, names), Cluster())  # noqa: S102
    except pulumi.RunError as error:
        print(error, file=sys.stderr)
        return 1
    json.dump(made["resources"], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
