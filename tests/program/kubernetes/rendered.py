"""Makes `Security`, `Workloads` and `Platform` of stacks against Pulumi's mocks; prints JSON.

Usage: python -m tests.program.kubernetes.rendered, with a stack a line on standard input.
A stack is a JSON object: section -> value, as in a stack file without 'shimyard:'; the answer is a
line too. This is a stand-in for the engine and the cluster.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi_kubernetes import Provider

from components import Platform, Security, Workloads
from shimyard.settings import parse
from tests.program.against_mocks import Answers, run


class Cluster(Answers):
    """Every object is there at once; a load balancer gets an address, unnamed things a name."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Answer as the provider would."""
        state = dict(args.inputs)
        if args.typ.startswith("kubernetes:"):
            state["metadata"] = {"name": f"{args.name}-1a2b", **state.get("metadata", {})}
        if args.typ == "kubernetes:core/v1:Service":
            state["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}
        return f"{args.name}-id", state


def render(raw: dict[str, Any]) -> dict[str, Any]:
    """The resources and exports of one stack."""
    settings = parse(raw, where="the test's stack")

    def program() -> None:
        cluster = Provider("cluster", kubeconfig="{}")
        Security("stack", settings=settings, provider=cluster)
        made = Workloads("stack", settings=settings, provider=cluster)
        pulumi.export("apps", made.summary)
        pulumi.export("runtimeClasses", made.runtime_classes)
        platform = Platform(
            "stack",
            settings=settings,
            classes=made.classes,
            namespaces=made.namespaces,
            provider=cluster,
        )
        pulumi.export("platform", platform.summary)

    return run(program, Cluster())


def main() -> int:
    """Answer each line; a stack that can't be used ends the process with its message."""
    for line in sys.stdin:
        print(json.dumps(render(json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
