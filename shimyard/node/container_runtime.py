"""The desired state of a machine's container runtime: containerd, runc, CNI, shims, engines."""

from __future__ import annotations

from collections.abc import Sequence

from shimyard.node.canary import (
    MESSAGE,
    NATIVE_IMAGE,
    WASM_IMAGE,
    native_canary,
    wasm_canary,
)
from shimyard.node.containerd_config import (
    CONFIG_PATH,
    containerd_config,
    has_credentials,
    hosts_config,
    hosts_path,
)
from shimyard.node.desired import (
    Canary,
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
from shimyard.node.render import render, render_toml
from shimyard.node.shims import RUNC, runtime_type, shim_binary
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
        canaries=tuple(_canaries(runtime, arch)),
    )


def _files(runtime: RuntimeSettings, artifacts: Sequence[StoredArtifact]) -> list[File]:
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
                oom_score_adjust=runtime.containerd.oom_score_adjust,
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
    for engine in runtime.engines:
        if engine.config:
            text = render_toml("wasmtime/wasmtime.toml.j2", engine.config)
            files.append(File.of("/etc/wasmtime/wasmtime.toml", text))
    return files


def secret_paths(runtime: RuntimeSettings) -> frozenset[str]:
    """The files whose content must not be shown: they hold registry credentials."""
    return frozenset(
        hosts_path(registry) for registry in runtime.registries if has_credentials(registry)
    )


def _canaries(runtime: RuntimeSettings, arch: Arch) -> list[Canary]:
    canaries = [
        Canary(
            "runc",
            RUNC,
            NATIVE_IMAGE,
            f"linux/{arch}",
            native_canary(arch),
            MESSAGE,
            frozenset({f"{BIN}/runc", f"{BIN}/containerd-shim-runc-v2"}),
        )
    ]
    for shim in runtime.shims:
        binary = shim_binary(shim.name)
        own = shim.canary_image
        canaries.append(
            Canary(
                shim.handler,
                runtime_type(shim.name),
                own or WASM_IMAGE,
                "wasi/wasm",
                None if own else wasm_canary(),
                None if own else MESSAGE,
                frozenset({f"{BIN}/{binary}"}),
            )
        )
    return canaries
