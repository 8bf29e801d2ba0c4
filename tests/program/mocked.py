"""Runs the checkout's program against Pulumi's mocks; prints resources and exports as JSON.

Usage: python -m tests.program.mocked STACK CONFIGURATION
CONFIGURATION is a JSON object, as the engine hands it over. This is a stand-in for the engine and
the providers.
"""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
from pulumi.runtime import mocks, set_all_config

from tests.program.against_mocks import Answers, run

CHECKOUT = Path(__file__).resolve().parents[2]
KUBECONFIG = "clusters: [{name: default, cluster: {server: https://127.0.0.1:6443}}]"


class Machines(Answers):
    """Every resource is created at once; runtimes are proven by canaries, servers serve."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Answer as the provider would."""
        state = dict(args.inputs)
        proof = {"shim": "runc", "version": "1", "canary": "passed", "milliseconds": 1}
        if args.typ == "shimyard-edge:node:ContainerRuntime":
            state |= {"generation": 1, "machineId": "m", "versions": {}, "drift": []}
            state["handlers"] = {"runc": proof}
        elif args.typ in ("shimyard-edge:node:K3sServer", "shimyard-edge:node:K3sAgent"):
            proven = {"runc": proof} if "runtime" in args.inputs else {}
            state |= {"generation": 2, "versions": {"k3s": "1"}, "handlers": proven}
        elif args.typ == "shimyard-edge:cluster:Tokens":
            state |= {name: pulumi.Output.secret(f"{name}-secret") for name in ("server", "agent")}
        if args.typ == "shimyard-edge:node:K3sServer":
            state |= {
                "caSha256": f"ca-of-{args.name}",
                "kubeconfig": pulumi.Output.secret(KUBECONFIG),
            }
        elif args.typ.startswith("kubernetes:"):
            state["metadata"] = {"name": f"{args.name}-1a2b", **state.get("metadata", {})}
        return f"{args.name}-id", state


def main(stack: str, configuration: str) -> int:
    """Exit code 1 with the text of a RunError on stderr."""
    set_all_config(json.loads(configuration))
    sys.path.insert(0, str(CHECKOUT))
    try:
        json.dump(run(_program, Machines(), stack=stack), sys.stdout)
    except pulumi.RunError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _program() -> None:
    # A mocked stack is closed to what a program wants awaited, so that is awaited here.
    awaited: list[Callable[[], Awaitable[Any]]] = []
    with patch.object(pulumi, "run", awaited.append):
        runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")
    assert awaited, "the program does not let its registrations begin"
    for each in awaited:
        await each()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
