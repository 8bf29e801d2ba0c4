"""K3s's config.yaml as data.

Sources: https://docs.k3s.io/cli/server, https://docs.k3s.io/cli/agent, and for a containerd of
one's own https://docs.k3s.io/advanced (container-runtime-endpoint).

How a server comes into its cluster stands in a file apart, which goes once it is in: K3s ignores
that where it has etcd's data (https://docs.k3s.io/datastore/ha-embedded). So all servers are equal,
and none restarts for another one being the first, which could cost the quorum.
"""

from __future__ import annotations

from typing import Any, Literal

from shimyard.node.k3s_containerd import closes_registries
from shimyard.settings import NodeSettings, RuntimeSettings
from shimyard.settings.k3s import K3sSettings, server_url

Role = Literal["server", "agent"]

FOLDER = "/etc/rancher/k3s"
CONFIG_PATH = f"{FOLDER}/config.yaml"
TOKEN_PATH = f"{FOLDER}/token"
AGENT_TOKEN_PATH = f"{FOLDER}/agent-token"
ENTRANCE_PATH = f"{FOLDER}/config.yaml.d/entrance.yaml"
ENTRANCE_TOKEN_PATH = f"{FOLDER}/entrance-token"
CONTAINERD_SOCKET = "unix:///run/containerd/containerd.sock"


def k3s_config(
    k3s: K3sSettings,
    node: NodeSettings,
    role: Role,
    *,
    joins: str | None,
    runtime: RuntimeSettings | None = None,
) -> dict[str, Any]:
    """The whole of config.yaml; tokens stand in files of their own.

    ``joins``: the address of a server, which an agent asks after each start.
    ``runtime``: what K3s's own containerd is to have, None for a containerd of ours.
    """
    config: dict[str, Any] = {
        "node-name": node.name,
        "token-file": TOKEN_PATH,
        **_runtime(runtime),
    }
    if node.internal_ip is not None:
        config["node-ip"] = str(node.internal_ip)
    if role == "server":
        config |= _server(k3s)
    elif joins is not None:
        config["server"] = server_url(joins)
    if k3s.kubelet_args:
        config["kubelet-arg"] = [f"{name}={value}" for name, value in k3s.kubelet_args.items()]
    return config | dict(k3s.server_config if role == "server" else k3s.agent_config)


def _runtime(runtime: RuntimeSettings | None) -> dict[str, Any]:
    if runtime is None:
        return {"container-runtime-endpoint": CONTAINERD_SOCKET}
    config: dict[str, Any] = {}
    if runtime.sandbox_image is not None:
        config["pause-image"] = runtime.sandbox_image
    if closes_registries(runtime):
        config["disable-default-registry-endpoint"] = True
    return config


def entrance_config(k3s: K3sSettings, *, joins: str | None) -> dict[str, Any]:
    """What a server reads when it has no data yet.

    ``joins``: the address of a server to join, None for the one that starts the cluster.
    """
    if joins is not None:
        return {"server": server_url(joins), "token-file": ENTRANCE_TOKEN_PATH}
    return {"cluster-init": True} if k3s.datastore == "etcd" else {}


def _server(k3s: K3sSettings) -> dict[str, Any]:
    config: dict[str, Any] = {
        "agent-token-file": AGENT_TOKEN_PATH,
        "cluster-cidr": str(k3s.cluster_cidr),
        "service-cidr": str(k3s.service_cidr),
        "cluster-dns": str(k3s.dns_address),
        "flannel-backend": k3s.flannel_backend,
        "write-kubeconfig-mode": "0600",
    }
    if k3s.tls_sans:
        config["tls-san"] = list(k3s.tls_sans)
    if k3s.disable:
        config["disable"] = list(k3s.disable)
    return config
