"""K3s as desired state: a server that starts a cluster, one that joins it, and an agent."""

from __future__ import annotations

from typing import Any

from shimyard.node.desired import DesiredState, StoredArtifact
from shimyard.node.k3s import Membership, k3s
from shimyard.node.k3s_config import Role
from shimyard.settings import NodeSettings
from shimyard.settings.k3s import K3sSettings

VERSION = "1.36.3+k3s1"
FIRST = Membership(None, "server-secret", "agent-secret")
JOINING = Membership("10.0.0.1", "K10ab::server:server-secret", "agent-secret")
AGENT = Membership("10.0.0.1", "K10ab::node:agent-secret")


def settings(**changes: Any) -> K3sSettings:
    """K3s with etcd, with these fields instead."""
    return K3sSettings.model_validate({"version": VERSION, "datastore": "etcd", **changes})


def node(**changes: Any) -> NodeSettings:
    """A machine."""
    ssh = {"user": "edge", "agent": True}
    return NodeSettings.model_validate(
        {"name": "edge-1", "address": "10.0.0.1", "ssh": ssh, **changes}
    )


def artifacts(chosen: K3sSettings) -> list[StoredArtifact]:
    """K3s itself; its digest is made of name and version."""
    digest = f"k3s-{chosen.version}"
    return [StoredArtifact("k3s", chosen.version, digest, 1000, "raw", (("", "k3s"),))]


def server(membership: Membership = FIRST, **changes: Any) -> DesiredState:
    """A server."""
    return _state("server", membership, **changes)


def agent(membership: Membership = AGENT, **changes: Any) -> DesiredState:
    """An agent."""
    return _state("agent", membership, **changes)


def _state(role: Role, membership: Membership, **changes: Any) -> DesiredState:
    chosen = settings(**changes)
    return k3s(chosen, node(), role, membership, artifacts(chosen), ready_seconds=240)
