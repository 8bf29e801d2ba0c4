"""Machines whose changes are cut off: each has files, or a container runtime."""

from __future__ import annotations

import pulumi

from components import ContainerRuntime, NodeFile, NodeFiles
from shimyard.settings import ArtifactSettings, NodeSettings, RuntimeSettings

config = pulumi.Config()
for machine in config.require_object("machines"):
    node = NodeSettings.model_validate(machine["node"])
    if "files" in machine:
        NodeFiles(
            node.name,
            node=node,
            files=[NodeFile(path, content=text) for path, text in machine["files"].items()],
        )
    else:
        ContainerRuntime(
            node.name,
            node=node,
            runtime=RuntimeSettings.model_validate(machine["runtime"]),
            sources=ArtifactSettings.model_validate(config.require_object("artifacts")),
        )
