"""K3s as desired state: a server that starts a cluster, one that joins it, and an agent."""

from __future__ import annotations

from typing import Any

from shimyard.node.desired import DesiredState, StoredArtifact
from shimyard.node.k3s import Membership, k3s
from shimyard.node.k3s_config import Role
from shimyard.settings import NodeSettings, RuntimeSettings
from shimyard.settings.k3s import K3sSettings
from tests.unit.node.states import artifact

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


def embedded(**changes: Any) -> RuntimeSettings:
    """What K3s's own containerd is to have: the wasmtime shim, with these fields instead."""
    shims = [{"name": "wasmtime", "version": "1.0.0"}]
    return RuntimeSettings.model_validate({"shims": shims, **changes})


def shim_artifacts(runtime: RuntimeSettings) -> list[StoredArtifact]:
    """Each shim once."""
    versions = {shim.name: shim.version for shim in runtime.shims}
    return [artifact(f"containerd-shim-{name}", version) for name, version in versions.items()]


def artifacts(chosen: K3sSettings, runtime: RuntimeSettings | None) -> list[StoredArtifact]:
    """K3s itself, the images and the shims; digests are made of name and version."""
    wanted = [("k3s", chosen.version, "k3s")]
    wanted += [
        (each.name, each.version or chosen.version, f"{each.name}.tar") for each in chosen.images
    ]
    found = [
        StoredArtifact(name, version, f"{name}-{version}", 1000, "raw", (("", file),))
        for name, version, file in wanted
    ]
    return [*found, *([] if runtime is None else shim_artifacts(runtime))]


def server(membership: Membership = FIRST, **changes: Any) -> DesiredState:
    """A server."""
    return _state("server", membership, **changes)


def agent(membership: Membership = AGENT, **changes: Any) -> DesiredState:
    """An agent. ``runtime``: what K3s's own containerd is to have."""
    return _state("agent", membership, **changes)


def _state(
    role: Role, membership: Membership, *, runtime: RuntimeSettings | None = None, **changes: Any
) -> DesiredState:
    chosen = settings(**changes)
    return k3s(
        chosen,
        node(),
        role,
        membership,
        artifacts(chosen, runtime),
        ready_seconds=240,
        runtime=runtime,
    )
