"""Breaks every policy once, and holds secrets as they should be held."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.container_runtime import ContainerRuntime
from components.node_files import NodeFile, NodeFiles
from shimyard.settings import NodeSettings, RuntimeSettings

config = pulumi.Config()
canary = config.require_secret("canary")
breaks = config.get_bool("breaks")

PINNED = "registry.example.com/app@sha256:" + "0a" * 32
FINE = {"image": PINNED, "resources": {"limits": {"memory": "64Mi"}}}


class Part(pulumi.ComponentResource):
    """A component of any type."""

    def __init__(self, kind: str, name: str, inputs: dict[str, Any] | None = None) -> None:
        super().__init__(kind, name, inputs)
        self.register_outputs({})


def deployment(name: str, spec: dict[str, Any], parent: pulumi.Resource | None = None) -> None:
    labels = {"app": name}
    kubernetes.apps.v1.Deployment(
        name,
        metadata={"name": name},
        spec={
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
        opts=pulumi.ResourceOptions(parent=parent, provider=cluster),
    )


node = NodeSettings.model_validate(
    {"name": "edge-1", "address": "192.0.2.1", "ssh": {"user": "edge", "agent": True}}
)
runtime = ContainerRuntime(
    "edge-1",
    node=node,
    runtime=RuntimeSettings.model_validate(
        {
            "containerd": {"version": "2.2.1"},
            "runc": {"version": "1.3.4"},
            "sandboxImage": PINNED,
            "engines": [{"name": "wasmtime", "version": "45.0.1" if breaks else "49.0.2"}],
            "registries": [],
        }
    ),
)
NodeFiles(
    "edge-1",
    node=node,
    files=[
        NodeFile("/etc/edge/uplink.key", secret_content=canary),
        NodeFile("/etc/edge/site.yaml", content="token: abcdef123456\n" if breaks else "a: b\n"),
    ],
)
# As in a preview of a whole stack, how to reach the cluster is only known after the machines.
cluster = kubernetes.Provider("cluster", kubeconfig=runtime.machine_id)
own = pulumi.ResourceOptions(provider=cluster)
kubernetes.core.v1.Secret(
    "kept", metadata={"name": "kept"}, string_data={"password": canary}, opts=own
)
deployment("fine", {"containers": [{"name": "app", **FINE}]})
gateway = Part("shimyard:index:IoTGateway", "gate")
deployment("gate", {"hostNetwork": True, "containers": [{"name": "app", **FINE}]}, gateway)

if breaks:
    deployment(
        "greedy",
        {
            "hostNetwork": True,
            "containers": [
                {
                    "name": "app",
                    "image": "registry.example.com/app:1",
                    "env": [{"name": "DB_PASSWORD", "value": "plain-and-open"}],
                }
            ],
        },
    )
    kubernetes.node.v1.RuntimeClass(
        "anywhere", metadata={"name": "anywhere"}, handler="spin", opts=own
    )
    pulumi.CustomResource(
        "kubernetes:core/v1:Secret",
        "open",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "open"},
         "stringData": {"password": "plain-and-open"}},
        own,
    )  # fmt: skip
    Part(
        "shimyard:node:Pretended",
        "edge-9",
        {"artifacts": {"runc": {"version": "1.3.4", "sha256": "0" * 64}}},
    )
