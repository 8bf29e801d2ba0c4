"""A whole stack: one environment from its machines to what runs on them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from shimyard.settings.artifacts import ArtifactSettings
from shimyard.settings.base import Model
from shimyard.settings.files import FileSettings
from shimyard.settings.nodes import NodeSettings
from shimyard.settings.runtime import RuntimeSettings


class StackSettings(Model):
    """What an operator writes under `shimyard:` in stacks/Pulumi.<env>.yaml."""

    ssh: dict[str, Any] = Field(
        default_factory=dict,
        description="Defaults for the `ssh` section of every node, with the same fields.",
    )
    nodes: Annotated[list[NodeSettings], Field(min_length=1)] = Field(
        description="The machines of this environment."
    )
    runtime: RuntimeSettings = Field(description="The container runtime of every machine.")
    artifacts: ArtifactSettings = Field(
        default_factory=ArtifactSettings, description="Where artifacts come from."
    )
    files: list[FileSettings] = Field(
        default_factory=list, description="Files and trees on the nodes."
    )

    @model_validator(mode="before")
    @classmethod
    def _ssh_defaults_for_every_node(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        defaults, nodes = data.get("ssh", {}), data.get("nodes")
        if not isinstance(defaults, dict) or not isinstance(nodes, list):
            return data
        return {**data, "nodes": [_with_defaults(node, defaults) for node in nodes]}

    @model_validator(mode="after")
    def _names_fit_together(self) -> Self:
        names: set[str] = set()
        places: dict[tuple[str, int], str] = {}
        for index, node in enumerate(self.nodes):
            if node.name in names:
                raise ValueError(
                    f"nodes[{index}].name: '{node.name}' is taken; give each node its own name"
                )
            names.add(node.name)
            place = (node.address, node.ssh.port)
            if place in places and node.ssh.bastion is None:
                raise ValueError(
                    f"nodes[{index}].address: {place[0]} port {place[1]} is already "
                    f"'{places[place]}'; one machine is one node"
                )
            places[place] = node.name
        self._check_files(names)
        return self

    def _check_files(self, names: set[str]) -> None:
        taken: set[tuple[str, str]] = set()
        for index, file in enumerate(self.files):
            for node in file.nodes if file.nodes is not None else sorted(names):
                if node not in names:
                    raise ValueError(
                        f"files[{index}].nodes: there is no node '{node}'; "
                        f"the stack has {', '.join(sorted(names))}"
                    )
                if (node, file.path) in taken:
                    raise ValueError(
                        f"files[{index}].path: {file.path} stands twice for node '{node}'; "
                        "keep one entry"
                    )
                taken.add((node, file.path))


def _with_defaults(node: object, defaults: dict[str, Any]) -> object:
    if not isinstance(node, dict):
        return node
    own = node.get("ssh", {})
    if not isinstance(own, dict):
        return node
    merged = {**defaults, **own}
    # A node that names its own way to log in does not inherit the other one.
    if "identityFile" in own and "agent" not in own:
        merged.pop("agent", None)
    if own.get("agent") is True and "identityFile" not in own:
        merged.pop("identityFile", None)
        merged.pop("passphrase", None)
    return {**node, "ssh": merged}
