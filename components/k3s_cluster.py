"""A K3s cluster on the machines of a fleet."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster_node import ClusterNode
from components.cluster_tokens import ClusterTokens
from components.fleet import Fleet
from components.k3s_agent import K3sAgent
from components.k3s_server import K3sServer
from shimyard.settings import NodeSettings, RuntimeSettings, StackSettings
from shimyard.settings.cluster import ClusterSettings
from shimyard.settings.k3s import K3sSettings, server_url
from shimyard.settings.membership import MembershipSettings


class K3sCluster(pulumi.ComponentResource):
    """Servers one after the other, then all agents, then what the cluster says of its nodes.

    Outputs: ``servers`` and ``agents`` (name -> resource), ``cluster_nodes`` (name -> ClusterNode),
    ``kubeconfig`` (a secret), ``provider`` (for resources inside the cluster; it waits for all
    nodes), ``endpoint`` (URL of the API), ``nodes`` (as of ``Fleet``, with what K3s's own
    containerd is proven to do).
    """

    servers: dict[str, K3sServer]
    agents: dict[str, K3sAgent]
    cluster_nodes: dict[str, ClusterNode]
    kubeconfig: pulumi.Output[str]
    provider: kubernetes.Provider
    endpoint: str
    nodes: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        resource_name: str,
        *,
        settings: StackSettings,
        fleet: Fleet,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``settings``: with a cluster. ``fleet``: the machines, of the same settings."""
        super().__init__("shimyard:index:K3sCluster", resource_name, None, opts)
        cluster, membership = settings.cluster, settings.membership()
        if cluster is None or membership is None:
            raise ValueError("the settings have no cluster")
        self._settings, self._cluster, self._fleet = settings, cluster, fleet
        self._membership: MembershipSettings = membership
        nodes = {node.name: node for node in settings.nodes}
        first = nodes[cluster.servers[0]]
        self.endpoint = server_url(cluster.endpoint or first.address)
        self.tokens = ClusterTokens(
            resource_name,
            generation=cluster.token_generation,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.servers = {}
        for name in cluster.servers:
            self.servers[name] = self._server(nodes[name], first)
        self.agents = {
            name: self._agent(nodes[name], cluster.endpoint or first.inside)
            for name in cluster.agents_of(list(nodes))
        }
        self.cluster_nodes = {
            name: self._cluster_node(nodes[name], self._node(name))
            for name in (*self.servers, *self.agents)
        }
        self.nodes = pulumi.Output.all(
            **{name: self._summary(node) for name, node in nodes.items()}
        )
        starting = self.servers[first.name]
        self.kubeconfig = starting.kubeconfig.apply(self._reachable)
        self.provider = kubernetes.Provider(
            resource_name,
            kubeconfig=self.kubeconfig,
            # By another server it is still the same cluster: nothing in it is replaced.
            cluster_identifier=resource_name,
            # A run that was killed has made objects that no state knows, as another field manager:
            # the next one takes them over.
            upsert_existing_objects=True,
            enable_patch_force=True,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*self.cluster_nodes.values(), *self.agents.values()]
            ),
        )
        self.register_outputs({"kubeconfig": self.kubeconfig, "endpoint": self.endpoint})

    def _server(self, node: NodeSettings, first: NodeSettings) -> K3sServer:
        cluster = self._cluster
        starts = node.name == first.name
        token = self.tokens.server if starts else self._joining("server", self.tokens.server)
        # The next one joins when the last one is done: etcd takes one new member at a time.
        before = list(self.servers.values())[-1:]
        return K3sServer(
            node.name,
            node=node,
            k3s=server_settings(cluster, self._names(node)),
            token=token,
            agent_token=self.tokens.agent,
            joins=None if starts else first.inside,
            membership=self._membership,
            sources=self._settings.artifacts,
            runtime=self._runtime(node),
            opts=self._after(node, before),
        )

    def _names(self, node: NodeSettings) -> list[str]:
        """What the API's certificate is for on that server."""
        cluster = self._cluster
        others = {each.address for each in self._membership.servers}
        # A server's own address may be the endpoint for a while: no other one restarts for that.
        shared = [cluster.endpoint] if cluster.endpoint and cluster.endpoint not in others else []
        return list(dict.fromkeys([*cluster.tls_sans, *shared, node.address]))

    def _agent(self, node: NodeSettings, joins: str) -> K3sAgent:
        return K3sAgent(
            node.name,
            node=node,
            k3s=agent_settings(self._cluster),
            token=self._joining("node", self.tokens.agent),
            joins=joins,
            membership=self._membership,
            sources=self._settings.artifacts,
            runtime=self._runtime(node),
            opts=self._after(node, list(self.servers.values())),
        )

    def _runtime(self, node: NodeSettings) -> RuntimeSettings | None:
        settings = self._settings
        return settings.runtime_of(node.name) if settings.embeds(node.name) else None

    def _summary(self, node: NodeSettings) -> pulumi.Output[dict[str, Any]]:
        summary = self._fleet.edge_nodes[node.name].summary
        if not self._settings.embeds(node.name):
            return summary
        k3s = self._node(node.name)
        return pulumi.Output.all(
            of_machine=summary,
            generation=k3s.generation,
            versions=k3s.versions,
            handlers=k3s.handlers,
        ).apply(lambda known: {**known.pop("of_machine"), **known})

    def _node(self, name: str) -> K3sServer | K3sAgent:
        return self.servers[name] if name in self.servers else self.agents[name]

    def _cluster_node(self, node: NodeSettings, k3s: K3sServer | K3sAgent) -> ClusterNode:
        zone = {} if node.zone is None else {"topology.kubernetes.io/zone": node.zone}
        return ClusterNode(
            node.name,
            name=node.name,
            membership=self._membership,
            labels={**zone, **node.labels},
            taints=node.taints,
            handlers=(
                k3s.handlers
                if self._settings.embeds(node.name)
                else self._fleet.edge_nodes[node.name].handlers
            ),
            registration=k3s.registration,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[k3s]),
        )

    def _after(self, node: NodeSettings, others: list[Any]) -> pulumi.ResourceOptions:
        runtime = self._fleet.edge_nodes[node.name]
        return pulumi.ResourceOptions(parent=self, depends_on=[runtime, *others])

    def _joining(self, user: str, token: pulumi.Output[str]) -> pulumi.Output[str]:
        """In the form by which a node knows its cluster before it shows the secret."""
        starting = next(iter(self.servers.values()))
        return pulumi.Output.secret(
            pulumi.Output.all(starting.ca_sha256, token).apply(
                lambda known: f"K10{known[0]}::{user}:{known[1]}"
            )
        )

    def _reachable(self, kubeconfig: str) -> str:
        return kubeconfig.replace(server_url("127.0.0.1"), self.endpoint)


def server_settings(cluster: ClusterSettings, names: list[str]) -> K3sSettings:
    """What concerns a server whose certificate is for ``names``."""
    return K3sSettings(
        version=cluster.version,
        datastore="etcd" if cluster.uses_etcd else "sqlite",
        tls_sans=names,
        cluster_cidr=cluster.cluster_cidr,
        service_cidr=cluster.service_cidr,
        containerd=cluster.containerd,
        images=cluster.images,
        flannel_backend=cluster.flannel_backend,
        disable=cluster.disable,
        kubelet_args=cluster.kubelet_args,
        server_config=cluster.server_config,
        snapshot_before_upgrade=cluster.snapshot_before_upgrade,
    )


def agent_settings(cluster: ClusterSettings) -> K3sSettings:
    """What concerns an agent."""
    return K3sSettings(
        version=cluster.version_of_agents,
        containerd=cluster.containerd,
        images=cluster.images,
        kubelet_args=cluster.kubelet_args,
        agent_config=cluster.agent_config,
    )
