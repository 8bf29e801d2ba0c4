"""One machine of the edge: its container runtime and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.container_runtime import ContainerRuntime
from components.node_files import NodeFile, NodeFiles
from shimyard.settings import ArtifactSettings, FileSettings, NodeSettings, RuntimeSettings
from shimyard.settings.membership import MembershipSettings


class EdgeNode(pulumi.ComponentResource):
    """A machine taken from a bare Debian, or any systemd distribution, to proven Wasm handlers.

    Outputs: ``generation``, ``versions`` and ``handlers`` as in ``ContainerRuntime``;
    ``summary``: the three, and the node's address, arch, labels and zone.
    """

    files: NodeFiles | None
    generation: pulumi.Output[int]
    versions: pulumi.Output[Mapping[str, str]]
    handlers: pulumi.Output[Mapping[str, Mapping[str, Any]]]
    summary: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        resource_name: str,
        *,
        node: NodeSettings,
        runtime: RuntimeSettings | None,
        sources: ArtifactSettings | None = None,
        files: Sequence[NodeFile | FileSettings] = (),
        membership: MembershipSettings | None = None,
        address: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``runtime``: None where K3s brings its own; then there are no handlers yet.

        ``files``: placed by a ``NodeFiles`` named 'site'; default: none.

        ``membership``: the node's cluster, which drains it before a change that ends containers.
        ``address``: replaces the node's, for a machine that another resource makes.
        """
        super().__init__("shimyard:index:EdgeNode", resource_name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._runtime: ContainerRuntime | None = None
        self.generation = pulumi.Output.from_input(0)
        self.versions = pulumi.Output.from_input({})
        self.handlers = pulumi.Output.from_input({})
        if runtime is not None:
            self._runtime = ContainerRuntime(
                resource_name,
                node=node,
                runtime=runtime,
                sources=sources,
                membership=membership,
                address=address,
                opts=child,
            )
            self.generation = self._runtime.generation
            self.versions = self._runtime.versions
            self.handlers = self._runtime.handlers
        self.files = None
        if files:
            self.files = NodeFiles(
                resource_name,
                node=node,
                files=files,
                membership=membership,
                address=address,
                opts=child,
            )
        self.summary = pulumi.Output.all(
            address=address or node.address,
            generation=self.generation,
            versions=self.versions,
            handlers=self.handlers,
        ).apply(
            lambda known: {
                **known,
                "arch": node.arch,
                "labels": dict(node.labels),
                "zone": node.zone,
            }
        )
        self.register_outputs(
            {
                "generation": self.generation,
                "versions": self.versions,
                "handlers": self.handlers,
                "labels": dict(node.labels),
                "zone": node.zone,
            }
        )

    @property
    def runtime(self) -> ContainerRuntime:
        """The machine's own. Raises ValueError where K3s brings it."""
        if self._runtime is None:
            raise ValueError("K3s brings the machine's container runtime")
        return self._runtime
