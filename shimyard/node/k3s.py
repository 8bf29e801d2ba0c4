"""The desired state of K3s on a machine, as a server or as an agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shimyard.node.container_runtime import UNIT as CONTAINERD_UNIT
from shimyard.node.desired import (
    ClusterToken,
    Data,
    DesiredState,
    File,
    Registration,
    StoredArtifact,
    Unit,
)
from shimyard.node.k3s_config import AGENT_TOKEN_PATH, CONFIG_PATH, TOKEN_PATH, Role, k3s_config
from shimyard.node.paths import BIN
from shimyard.node.places import links
from shimyard.node.planning import UNIT_FOLDER
from shimyard.node.recovery import RECOVERY_UNIT
from shimyard.node.render import render, render_yaml
from shimyard.settings import NodeSettings
from shimyard.settings.k3s import K3sSettings

ARTIFACT: Final = "k3s"
RESOURCES: Final[Mapping[Role, str]] = {"server": "k3s-server", "agent": "k3s-agent"}
UNITS: Final[Mapping[Role, str]] = {"server": "k3s.service", "agent": "k3s-agent.service"}

_BINARY = f"{BIN}/k3s"
_KUBECONFIGS: Final[Mapping[Role, str]] = {
    "server": "/etc/rancher/k3s/k3s.yaml",
    # The kubelet's own, which may read its own node.
    "agent": "/var/lib/rancher/k3s/agent/kubelet.kubeconfig",
}
_PATH = f"{BIN}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
_MODULES = ("br_netfilter", "overlay")


@dataclass(frozen=True)
class Membership:
    """What ties a machine to its cluster; None where a preview can't know it yet.

    ``joins``: address of the server to join, None for the one that starts the cluster. ``token``:
    what proves that it may. ``agent_token``: what a server asks of agents.
    """

    joins: str | None
    token: str | None = field(repr=False)
    agent_token: str | None = field(default=None, repr=False)


def k3s(
    settings: K3sSettings,
    node: NodeSettings,
    role: Role,
    membership: Membership,
    artifacts: Sequence[StoredArtifact],
    *,
    ready_seconds: int,
) -> DesiredState:
    """K3s as ``role`` on ``node``, out of the locked ``artifacts`` that it needs."""
    unit = UNITS[role]
    unit_path = f"{UNIT_FOLDER}{unit}"
    files = [
        File.of(
            CONFIG_PATH,
            render_yaml(
                "k3s/config.yaml.j2", k3s_config(settings, node, role, joins=membership.joins)
            ),
            mode="0600",
        ),
        *_tokens(membership),
        File.of(unit_path, _unit(role)),
    ]
    reads = {file.path for file in files} | {_BINARY}
    return DesiredState(
        resource=RESOURCES[role],
        artifacts=tuple(artifacts),
        files=tuple(files),
        links=tuple(link for artifact in artifacts for link in links(artifact)),
        data=tuple(
            Data(path)
            for path in (
                "/var/lib/rancher/k3s",
                "/etc/rancher",
                "/var/lib/kubelet",
                "/var/lib/cni",
                "/run/k3s",
            )
        ),
        unit=Unit(unit, frozenset(reads), is_kubelet=True, seconds=ready_seconds),
        registration=Registration(node.name, unit, _KUBECONFIGS[role], ready_seconds),
        cluster_token=(
            ClusterToken(TOKEN_PATH, asks=membership.joins is None) if role == "server" else None
        ),
        snapshots=_BINARY if _saves(settings, role) else None,
    )


def secret_paths() -> frozenset[str]:
    """The files whose content must not be shown."""
    return frozenset({TOKEN_PATH, AGENT_TOKEN_PATH})


def _saves(settings: K3sSettings, role: Role) -> bool:
    return role == "server" and settings.snapshot_before_upgrade and settings.datastore == "etcd"


def _tokens(membership: Membership) -> list[File]:
    files = []
    if membership.token is not None:
        files.append(File.of(TOKEN_PATH, f"{membership.token}\n", mode="0600"))
    if membership.agent_token is not None:
        files.append(File.of(AGENT_TOKEN_PATH, f"{membership.agent_token}\n", mode="0600"))
    return files


def _unit(role: Role) -> str:
    return render(
        "systemd/k3s.service.j2",
        role=role,
        binary=_BINARY,
        recovery=RECOVERY_UNIT,
        runtime=CONTAINERD_UNIT,
        modules=_MODULES,
        environment={"PATH": _PATH},
    )
