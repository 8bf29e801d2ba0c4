"""The desired state of a machine's container runtime: containerd, runc, CNI, shims, engines."""

from __future__ import annotations

from collections.abc import Sequence

from shimyard.node.canaries import runc_canary, shim_canary
from shimyard.node.containerd_config import (
    CONFIG_PATH,
    containerd_config,
    has_credentials,
    hosts_config,
    hosts_path,
)
from shimyard.node.desired import (
    ConfigCheck,
    Data,
    DesiredState,
    File,
    StoredArtifact,
    Unit,
)
from shimyard.node.paths import BIN
from shimyard.node.places import environment, links
from shimyard.node.planning import UNIT_FOLDER
from shimyard.node.recovery import RECOVERY_UNIT
from shimyard.rendering import render, render_toml
from shimyard.settings import Arch, RuntimeSettings

RESOURCE = "container-runtime"
UNIT = "containerd.service"
_UNIT_PATH = f"{UNIT_FOLDER}{UNIT}"
_CONTAINERD = f"{BIN}/containerd"
_PATH = f"{BIN}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


def container_runtime(
    runtime: RuntimeSettings, artifacts: Sequence[StoredArtifact], arch: Arch
) -> DesiredState:
    """Everything that ``runtime`` asks for, out of the locked ``artifacts`` that it names."""
    containerd = next(artifact for artifact in artifacts if artifact.name == "containerd")
    return DesiredState(
        resource=RESOURCE,
        artifacts=tuple(artifacts),
        files=tuple(_files(runtime, artifacts)),
        links=tuple(link for artifact in artifacts for link in links(artifact)),
        folders=(runtime.cni.conf_dir,),
        data=(Data("/var/lib/containerd"),),
        unit=Unit(UNIT, frozenset({CONFIG_PATH, _UNIT_PATH, _CONTAINERD}), runs_containers=True),
        check=ConfigCheck(containerd.path("containerd"), CONFIG_PATH),
        canaries=(
            runc_canary(arch, frozenset({f"{BIN}/runc", f"{BIN}/containerd-shim-runc-v2"})),
            *(shim_canary(shim, None) for shim in runtime.shims),
        ),
    )


def _files(runtime: RuntimeSettings, artifacts: Sequence[StoredArtifact]) -> list[File]:
    containerd, _ = runtime.own
    files = [
        File.of(CONFIG_PATH, render_toml("containerd/config.toml.j2", containerd_config(runtime))),
        File.of(
            _UNIT_PATH,
            render(
                "systemd/containerd.service.j2",
                binary=_CONTAINERD,
                config=CONFIG_PATH,
                environment={"PATH": _PATH, **environment(artifacts)},
                recovery=RECOVERY_UNIT,
                oom_score_adjust=containerd.oom_score_adjust,
            ),
        ),
    ]
    for registry in runtime.registries:
        files.append(
            File.of(
                hosts_path(registry),
                render_toml("containerd/hosts.toml.j2", hosts_config(registry)),
                mode="0600" if has_credentials(registry) else "0644",
            )
        )
    return [*files, *engine_files(runtime)]


def engine_files(runtime: RuntimeSettings) -> list[File]:
    """Configurations of the engines."""
    return [
        File.of(
            "/etc/wasmtime/wasmtime.toml", render_toml("wasmtime/wasmtime.toml.j2", engine.config)
        )
        for engine in runtime.engines
        if engine.config
    ]


def secret_paths(runtime: RuntimeSettings) -> frozenset[str]:
    """The files whose content must not be shown: they hold registry credentials."""
    return frozenset(
        hosts_path(registry) for registry in runtime.registries if has_credentials(registry)
    )
