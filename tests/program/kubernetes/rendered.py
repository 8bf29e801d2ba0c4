"""Makes `Workloads` of stacks against Pulumi's mocks; prints the resources of each as JSON.

Usage: python -m tests.program.kubernetes.rendered, with a stack a line on standard input.
A stack is a JSON object: section -> value, as in a stack file without 'shimyard:'; the answer is a
line too. This is a stand-in for the engine and the cluster: it shows what the program asks for, not
that a cluster takes it. It runs in a process of its own since the SDK keeps its state in globals.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pulumi
from pulumi.runtime import get_root_resource, mocks
from pulumi.runtime.stack import Stack, run_pulumi_func
from pulumi_kubernetes import Provider

from components import Workloads
from shimyard.provider.values import Secret, decode
from shimyard.settings import parse


class Cluster(mocks.Mocks):
    """Every object is there at once; a load balancer gets an address, unnamed things a name."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Answer as the provider would."""
        state = dict(args.inputs)
        if args.typ.startswith("kubernetes:"):
            state["metadata"] = {"name": f"{args.name}-1a2b", **state.get("metadata", {})}
        if args.typ == "kubernetes:core/v1:Service":
            state["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}
        return f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], None]:
        """The program asks for nothing."""
        raise NotImplementedError(args.token)


class Monitor(mocks.MockMonitor):
    """Keeps the inputs as they are sent."""

    def __init__(self) -> None:
        super().__init__(Cluster())
        self.kept: list[dict[str, Any]] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Keep the resource, then go on as usual."""
        self.kept.append(
            {
                "type": request.type,
                "name": request.name,
                "inputs": _plain(decode(request.object)),
                "parent": request.parent.rpartition("::")[2],
                "dependencies": sorted(urn.rpartition("::")[2] for urn in request.dependencies),
                "provider": request.provider.rpartition("::")[2],
                "replaceOnChanges": list(request.replaceOnChanges),
            }
        )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def render(raw: dict[str, Any]) -> dict[str, Any]:
    """The resources and exports of one stack."""
    settings = parse(raw, where="the test's stack")

    def program() -> None:
        cluster = Provider("cluster", kubeconfig="{}")
        made = Workloads("stack", settings=settings, provider=cluster)
        pulumi.export("apps", made.summary)
        pulumi.export("runtimeClasses", made.runtime_classes)

    async def exported() -> Any:
        await run_pulumi_func(program)
        root = get_root_resource()
        assert isinstance(root, Stack)
        return await pulumi.Output.from_input(root.outputs).future()

    monitor = Monitor()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(monitor.mocks, project="shimyard", stack="s", preview=False, monitor=monitor)
    outputs = loop.run_until_complete(exported())
    loop.close()
    return {"resources": monitor.kept, "exports": outputs}


def main() -> int:
    """Answer each line; a stack that can't be used ends the process with its message."""
    for line in sys.stdin:
        print(json.dumps(render(json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
