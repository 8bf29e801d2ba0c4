"""All machines of a stack."""

from __future__ import annotations

from typing import Any

import pulumi

from components.edge_node import EdgeNode
from components.manifests.falco import falco_files
from components.manifests.profiles import seccomp_files
from shimyard.settings import StackSettings


class Fleet(pulumi.ComponentResource):
    """One ``EdgeNode`` for each node of the settings.

    Outputs: ``edge_nodes`` (name -> EdgeNode), ``nodes`` (name -> the node's summary).
    """

    edge_nodes: dict[str, EdgeNode]
    nodes: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        resource_name: str,
        *,
        settings: StackSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``settings``: see docs/reference/settings.md."""
        super().__init__("shimyard:index:Fleet", resource_name, None, opts)
        # The same on all machines: rendered once, not once for each of a thousand.
        of_members, of_all = seccomp_files(settings), falco_files(settings)
        memberships = {node.name: settings.membership_of(node.name) for node in settings.nodes}
        self.edge_nodes = {
            node.name: EdgeNode(
                node.name,
                node=node,
                runtime=(None if settings.embeds(node.name) else settings.runtime_of(node.name)),
                membership=memberships[node.name],
                sources=settings.artifacts,
                files=[
                    *(f for f in settings.files if f.nodes is None or node.name in f.nodes),
                    *(of_members if memberships[node.name] is not None else []),
                    *of_all,
                ],
                opts=pulumi.ResourceOptions(parent=self),
            )
            for node in settings.nodes
        }
        self.nodes = pulumi.Output.all(
            **{name: edge_node.summary for name, edge_node in self.edge_nodes.items()}
        )
        self.register_outputs({"nodes": self.nodes})
