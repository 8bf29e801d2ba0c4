"""Runs the checkout's program against Pulumi's mocks; prints resources and exports as JSON.

Usage: python -m tests.program.mocked STACK CONFIGURATION
CONFIGURATION is a JSON object, as the engine hands it over. This is a stand-in for the engine and
the provider, in a process of its own since the SDK keeps its state in globals.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
from pulumi.runtime import get_root_resource, mocks, set_all_config
from pulumi.runtime.stack import Stack, run_pulumi_func

from shimyard.provider.values import Secret, decode

CHECKOUT = Path(__file__).resolve().parents[2]


KUBECONFIG = "clusters: [{name: default, cluster: {server: https://127.0.0.1:6443}}]"


class Machines(mocks.Mocks):
    """Every resource is created at once; runtimes are proven by canaries, servers serve."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Answer as the provider would."""
        state = dict(args.inputs)
        if args.typ == "shimyard-edge:node:ContainerRuntime":
            proof = {"shim": "runc", "version": "1", "canary": "passed", "milliseconds": 1}
            state |= {"generation": 1, "machineId": "m", "versions": {}, "drift": []}
            state["handlers"] = {"runc": proof}
        elif args.typ == "shimyard-edge:cluster:Tokens":
            state |= {name: pulumi.Output.secret(f"{name}-secret") for name in ("server", "agent")}
        elif args.typ == "shimyard-edge:node:K3sServer":
            state |= {
                "caSha256": f"ca-of-{args.name}",
                "kubeconfig": pulumi.Output.secret(KUBECONFIG),
            }
        elif args.typ.startswith("kubernetes:"):
            state["metadata"] = {"name": f"{args.name}-1a2b", **state.get("metadata", {})}
        return f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], None]:
        """The program asks for nothing."""
        raise NotImplementedError(args.token)


class Monitor(mocks.MockMonitor):
    """Keeps the inputs as they are sent: the mocks' own way to read them drops every null."""

    def __init__(self) -> None:
        super().__init__(Machines())
        self.kept: list[dict[str, Any]] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Keep the resource, then go on as usual."""
        inputs = _plain(decode(request.object))
        self.kept.append(
            {
                "type": request.type,
                "name": request.name,
                "inputs": inputs,
                # 'Kind::name' of each.
                "after": sorted("::".join(_place(urn)) for urn in request.dependencies),
            }
        )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def _place(urn: str) -> tuple[str, str]:
    """Kind and name of a resource."""
    *_, kinds, name = urn.split("::")
    return kinds.rpartition("$")[2].rpartition(":")[2], name


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def main(stack: str, configuration: str) -> int:
    """Exit code 1 with the text of a RunError on stderr."""
    monitor = Monitor()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(monitor.mocks, project="shimyard", stack=stack, preview=False, monitor=monitor)
    set_all_config(json.loads(configuration))
    sys.path.insert(0, str(CHECKOUT))
    try:
        exported = loop.run_until_complete(_exports())
    except pulumi.RunError as error:
        print(error, file=sys.stderr)
        return 1
    json.dump({"resources": monitor.kept, "exports": exported}, sys.stdout)
    return 0


async def _exports() -> Any:
    await run_pulumi_func(_run)
    root = get_root_resource()
    assert isinstance(root, Stack)
    return await pulumi.Output.from_input(root.outputs).future()


async def _run() -> None:
    # A mocked stack is closed to what a program wants awaited, so that is awaited here.
    awaited: list[Callable[[], Awaitable[Any]]] = []
    with patch.object(pulumi, "run", awaited.append):
        runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")
    assert awaited, "the program does not let its registrations begin"
    for each in awaited:
        await each()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
