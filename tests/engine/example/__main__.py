"""A platform team's program: camera stations, each an edge node with a model and an inventory."""

from __future__ import annotations

import pulumi

from components import EdgeNode, NodeFile, NodeFiles
from shimyard.settings import ArtifactSettings, NodeSettings, RuntimeSettings


class CameraStation(pulumi.ComponentResource):
    """An edge node, the model that its cameras use, and a file that says what stands there."""

    generation: pulumi.Output[int]

    def __init__(
        self,
        resource_name: str,
        *,
        node: NodeSettings,
        runtime: RuntimeSettings,
        sources: ArtifactSettings,
        uplink_token: pulumi.Output[str],
    ) -> None:
        super().__init__("acme:cameras:CameraStation", resource_name)
        child = pulumi.ResourceOptions(parent=self)
        edge = EdgeNode(
            resource_name,
            node=node,
            runtime=runtime,
            sources=sources,
            files=[NodeFile("/opt/models", source="models")],
            opts=child,
        )
        # Known only when the runtime stands. Sorted, since an output's names have no order.
        inventory = pulumi.Output.json_dumps(
            {"station": resource_name, "machine": edge.runtime.machine_id, "with": edge.versions},
            sort_keys=True,
        )
        NodeFiles(
            f"{resource_name}-cameras",
            name="cameras",
            node=node,
            files=[
                NodeFile("/etc/cameras/inventory.json", content=inventory),
                NodeFile("/etc/cameras/uplink.token", secret_content=uplink_token),
            ],
            opts=child,
        )
        self.generation = edge.generation
        self.register_outputs({"generation": self.generation})


config = pulumi.Config()
station = CameraStation(
    "gate-7",
    node=NodeSettings.model_validate(config.require_object("node")),
    runtime=RuntimeSettings.model_validate(config.require_object("runtime")),
    sources=ArtifactSettings.model_validate(config.require_object("artifacts")),
    uplink_token=config.require_secret("uplinkToken"),
)
pulumi.export("generation", station.generation)
