"""K3s on one machine, as an agent of its cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.k3s_inputs import k3s_inputs
from shimyard.settings import ArtifactSettings, NodeSettings, RuntimeSettings
from shimyard.settings.k3s import K3sSettings
from shimyard.settings.membership import MembershipSettings


class K3sAgent(pulumi.CustomResource):
    """A node that runs workloads, in one transaction: K3s, its configuration, its unit.

    It is Ready in the cluster when the resource is done; a change that fails leaves it as it was.
    Destroying it drains the node, deletes its Node object and leaves the machine as it was; where
    the machine is gone for good, the cluster is left all the same.

    Outputs: ``generation``, ``machine_id``, ``version`` (K3s), ``versions`` and ``handlers`` (as of
    ``ContainerRuntime``; none, unless K3s brings containerd), ``drift``.
    """

    generation: pulumi.Output[int]
    machine_id: pulumi.Output[str]
    registration: pulumi.Output[str]
    version: pulumi.Output[str]
    versions: pulumi.Output[Mapping[str, str]]
    handlers: pulumi.Output[Mapping[str, Mapping[str, Any]]]
    drift: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        node: NodeSettings,
        k3s: K3sSettings,
        token: pulumi.Input[str],
        joins: pulumi.Input[str],
        membership: MembershipSettings | None = None,
        sources: ArtifactSettings | None = None,
        runtime: RuntimeSettings | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``token``: of agents, with the digest of the cluster's CA ('K10...::node:...').

        ``joins``: the address of a server. ``membership`` and ``runtime``: as of ``K3sServer``.
        """
        super().__init__(
            "shimyard-edge:node:K3sAgent",
            resource_name,
            k3s_inputs(
                node=node,
                k3s=k3s,
                token=token,
                joins=joins,
                membership=membership,
                sources=sources,
                runtime=runtime,
            ),
            opts,
        )
        # The SDK's own translation of names would reach into the settings' tables as well.
        self.machine_id = vars(self)["machineId"]
        self.registration = vars(self)["registration"]
