"""The desired state of K3s on a machine, as a server or as an agent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from shimyard.node.canaries import runc_canary, shim_canary
from shimyard.node.container_runtime import UNIT as CONTAINERD_UNIT
from shimyard.node.container_runtime import engine_files
from shimyard.node.desired import (
    Canary,
    ClusterToken,
    Data,
    DesiredState,
    File,
    Link,
    Registration,
    StoredArtifact,
    Unit,
)
from shimyard.node.k3s_config import (
    AGENT_TOKEN_PATH,
    CONFIG_PATH,
    ENTRANCE_PATH,
    ENTRANCE_TOKEN_PATH,
    TOKEN_PATH,
    Role,
    entrance_config,
    k3s_config,
)
from shimyard.node.k3s_containerd import (
    REGISTRIES_PATH,
    TEMPLATE_PATH,
    containerd_template,
    has_secrets,
    registries_yaml,
    shim_program,
)
from shimyard.node.k3s_images import IMAGES_FOLDER, images_of
from shimyard.node.paths import BIN
from shimyard.node.places import environment, links
from shimyard.node.planning import UNIT_FOLDER
from shimyard.node.recovery import RECOVERY_UNIT
from shimyard.rendering import render, render_yaml
from shimyard.settings import Arch, NodeSettings, RuntimeSettings
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
_ETCD = "/var/lib/rancher/k3s/server/db/etcd"
_MODULES = ("br_netfilter", "overlay")
# What stands before the secret in a token that names its cluster: docs.k3s.io/cli/token.
_FULL = re.compile(r"K10[0-9a-f]+::[a-z]+:")


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
    runtime: RuntimeSettings | None = None,
) -> DesiredState:
    """K3s as ``role`` on ``node``, out of the locked ``artifacts`` that it needs.

    ``runtime``: what K3s's own containerd is to have, None for a containerd of ours.
    Raises ``ImagesError``.
    """
    unit = UNITS[role]
    images = images_of(settings, artifacts)
    unit_path = f"{UNIT_FOLDER}{unit}"
    files = [
        File.of(
            CONFIG_PATH,
            render_yaml(
                "k3s/config.yaml.j2",
                k3s_config(settings, node, role, joins=membership.joins, runtime=runtime),
            ),
            mode="0600",
        ),
        *_tokens(membership, role),
        File.of(
            unit_path,
            _unit(
                role,
                runtime,
                artifacts,
                etcd=role == "server" and settings.datastore == "etcd",
            ),
        ),
        *([] if runtime is None else _containerd_files(runtime, artifacts)),
    ]
    reads = {file.path for file in files} | {_BINARY}
    if runtime is not None:
        files += engine_files(runtime)
    return DesiredState(
        resource=RESOURCES[role],
        artifacts=tuple(artifacts),
        files=tuple(files),
        links=tuple(_links(settings, artifacts, embedded=runtime is not None)),
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
        unit=Unit(
            unit,
            frozenset(reads),
            runs_containers=runtime is not None,
            is_kubelet=True,
            seconds=ready_seconds,
        ),
        canaries=() if runtime is None else tuple(_canaries(runtime, artifacts, node.arch)),
        images=tuple(images),
        registration=Registration(node.name, unit, _KUBECONFIGS[role], ready_seconds),
        cluster_token=(
            ClusterToken(TOKEN_PATH, asks=membership.joins is None) if role == "server" else None
        ),
        snapshots=_BINARY if _saves(settings, role) else None,
    )


def with_entrance(
    state: DesiredState, settings: K3sSettings, membership: Membership
) -> DesiredState:
    """The ``state`` of a server that is in no cluster yet: it joins one, or starts it."""
    config = entrance_config(settings, joins=membership.joins)
    files = []
    if config:
        files.append(File.of(ENTRANCE_PATH, render_yaml("k3s/config.yaml.j2", config), mode="0600"))
    if membership.joins is not None and membership.token is not None:
        files.append(_secret(ENTRANCE_TOKEN_PATH, membership.token))
    return replace(state, files=(*state.files, *files))


def secret_paths(runtime: RuntimeSettings | None = None) -> frozenset[str]:
    """The files whose content must not be shown."""
    secrets = runtime is not None and has_secrets(runtime)
    return frozenset({TOKEN_PATH, AGENT_TOKEN_PATH, *([REGISTRIES_PATH] if secrets else [])})


def _containerd_files(runtime: RuntimeSettings, artifacts: Sequence[StoredArtifact]) -> list[File]:
    files = [File.of(TEMPLATE_PATH, containerd_template(runtime, artifacts))]
    if runtime.registries:
        files.append(File.of(REGISTRIES_PATH, registries_yaml(runtime), mode="0600"))
    return files


def _canaries(
    runtime: RuntimeSettings, artifacts: Sequence[StoredArtifact], arch: Arch
) -> list[Canary]:
    # K3s brings runc.
    canaries = [runc_canary(arch, frozenset({_BINARY}))]
    for shim in runtime.shims:
        canaries.append(shim_canary(shim, shim_program(shim.name, artifacts)))
    return canaries


def _links(
    settings: K3sSettings, artifacts: Sequence[StoredArtifact], *, embedded: bool
) -> Iterator[Link]:
    wanted = {each.name for each in settings.images}
    for artifact in artifacts:
        if artifact.name in wanted:
            # K3s's own containerd gets them at each start; another one has no such folder.
            names = [name for _, name in artifact.members] if embedded else []
            yield from (Link(f"{IMAGES_FOLDER}/{name}", artifact.path(name)) for name in names)
        elif artifact.name.startswith("containerd-shim-"):
            yield from (link for link in links(artifact) if not link.path.startswith(f"{BIN}/"))
        else:
            yield from links(artifact)


def _saves(settings: K3sSettings, role: Role) -> bool:
    return role == "server" and settings.snapshot_before_upgrade and settings.datastore == "etcd"


def _tokens(membership: Membership, role: Role) -> list[File]:
    files = []
    if membership.token is not None:
        token = _secret_of(membership.token) if role == "server" else membership.token
        files.append(_secret(TOKEN_PATH, token))
    if membership.agent_token is not None:
        files.append(_secret(AGENT_TOKEN_PATH, membership.agent_token))
    return files


def _secret(path: str, token: str) -> File:
    return File.of(path, f"{token}\n", mode="0600")


def _secret_of(token: str) -> str:
    """The secret of a token, which is the same for all servers, however each of them joined."""
    return _FULL.sub("", token)


def _unit(
    role: Role,
    runtime: RuntimeSettings | None,
    artifacts: Sequence[StoredArtifact],
    *,
    etcd: bool,
) -> str:
    return render(
        "systemd/k3s.service.j2",
        role=role,
        binary=_BINARY,
        recovery=RECOVERY_UNIT,
        runtime=CONTAINERD_UNIT if runtime is None else None,
        modules=_MODULES,
        data=(_ETCD, ENTRANCE_PATH) if etcd else (),
        # K3s hands it on to its containerd, and that to the shims.
        environment={"PATH": _PATH, **({} if runtime is None else environment(artifacts))},
    )
