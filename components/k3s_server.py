"""K3s on one machine, as a server of its cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.k3s_inputs import k3s_inputs
from shimyard.settings import ArtifactSettings, NodeSettings, RuntimeSettings
from shimyard.settings.k3s import K3sSettings
from shimyard.settings.membership import MembershipSettings


class K3sServer(pulumi.CustomResource):
    """A node of the control plane, in one transaction: K3s, its configuration, its unit.

    The machine's container runtime is ours and comes first, or K3s's own and comes with it. The
    server is Ready in the cluster when the resource is done; a change that fails leaves it as it
    was. Destroying it drains the node, deletes its Node object and its etcd member, and leaves the
    machine as it was.

    Outputs: ``generation``, ``machine_id``, ``version`` (K3s), ``versions`` and ``handlers`` (as of
    ``ContainerRuntime``; none, unless K3s brings containerd), ``ca_sha256`` (hexadecimal digest of
    the cluster's CA), ``kubeconfig`` (a secret; its server is 127.0.0.1), ``drift``.
    """

    generation: pulumi.Output[int]
    machine_id: pulumi.Output[str]
    registration: pulumi.Output[str]
    version: pulumi.Output[str]
    versions: pulumi.Output[Mapping[str, str]]
    handlers: pulumi.Output[Mapping[str, Mapping[str, Any]]]
    ca_sha256: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    drift: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        node: NodeSettings,
        k3s: K3sSettings,
        token: pulumi.Input[str],
        agent_token: pulumi.Input[str],
        joins: pulumi.Input[str] | None = None,
        membership: MembershipSettings | None = None,
        sources: ArtifactSettings | None = None,
        runtime: RuntimeSettings | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``token``: of servers; ``agent_token``: what agents have to show. Both are secrets.

        ``joins``: the address of a server of the cluster; default: this one starts it.
        ``membership``: how the node is drained; default: changes do not look at the cluster.
        ``runtime``: handlers, registries and pause image of K3s's own containerd, which
        ``k3s.containerd`` asks for.
        """
        super().__init__(
            "shimyard-edge:node:K3sServer",
            resource_name,
            {
                **k3s_inputs(
                    node=node,
                    k3s=k3s,
                    token=token,
                    joins=joins,
                    membership=membership,
                    sources=sources,
                    runtime=runtime,
                ),
                "agentToken": pulumi.Output.secret(agent_token),
                "caSha256": None,
                "kubeconfig": None,
            },
            opts,
        )
        # The SDK's own translation of names would reach into the settings' tables as well.
        self.machine_id = vars(self)["machineId"]
        self.registration = vars(self)["registration"]
        self.ca_sha256 = vars(self)["caSha256"]
