"""A hybrid app: a Wasm proxy, a native app and a Wasm log sidecar that share a volume in a pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from shimyard.settings.base import AbsolutePath, FieldError, Model
from shimyard.settings.kubernetes import EnvName, ObjectName
from shimyard.settings.quantity import MemoryQuantity
from shimyard.settings.runtime import ShimName
from shimyard.settings.workloads.apps import check_service, no_host_path
from shimyard.settings.workloads.container import (
    ContainerSettings,
    NativeContainerSettings,
    WasmContainerSettings,
    probes_ask_ports,
)
from shimyard.settings.workloads.pod import WasmPodsSettings
from shimyard.settings.workloads.ports import PortSettings, default_ports
from shimyard.settings.workloads.volumes import ClaimVolumeSettings, EmptyDirSettings

MIXING_SHIMS: tuple[ShimName, ...] = ("wasmtime", "wasmedge", "wasmer", "wamr")
"""Shims that run an ELF file or a script as it is, and anything else as Wasm (runwasi)."""

AccessMode = Literal["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"]


class ProxySettings(WasmContainerSettings):
    """The Wasm container that takes the requests; set exactly one of image and artifact."""

    upstream_env: EnvName = Field(
        default="UPSTREAM_URL",
        description="Variable with the native app's URL, 'http://127.0.0.1:<its first port>'.",
    )


class SidecarSettings(WasmContainerSettings):
    """The Wasm container beside them, for logs; starts first, ends last."""

    ports: list[PortSettings] = Field(
        default_factory=list, description="Ports that it listens on. Default: none."
    )


class NewClaimSettings(Model):
    """A PersistentVolumeClaim that is made for the app, and goes with it."""

    size: MemoryQuantity = Field(description="Bytes to ask for: '1Gi'.")
    storage_class_name: ObjectName | None = Field(
        default=None, description="Name of a StorageClass. Default: the cluster's."
    )
    access_mode: AccessMode = Field(
        default="ReadWriteOnce", description="Who may mount it, as Kubernetes spells it."
    )


class SharedVolumeSettings(Model):
    """The volume that all containers share; at most one of emptyDir, claim and the existing one."""

    mount_path: AbsolutePath = Field(
        default="/shared", description="Where every container sees it."
    )
    env: EnvName = Field(
        default="SHARED_DIR",
        description="Variable with mountPath, in every container; in the native app's args as "
        "'$(SHARED_DIR)'.",
    )
    empty_dir: EmptyDirSettings | None = Field(
        default=None, description="An empty folder, as long as the pod lives. The default."
    )
    claim: NewClaimSettings | None = Field(default=None, description="A claim that is made.")
    persistent_volume_claim: ClaimVolumeSettings | None = Field(
        default=None, description="A claim that is there already."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [self.empty_dir, self.claim, self.persistent_volume_claim]
        if sum(origin is not None for origin in origins) > 1:
            raise ValueError("set at most one of emptyDir, claim and persistentVolumeClaim")
        return self


class HybridAppSettings(WasmPodsSettings):
    """A Wasm proxy, a native app and a Wasm log sidecar in one pod of a Wasm runtime class."""

    proxy: ProxySettings = Field(description="The Wasm container that takes the requests.")
    app: NativeContainerSettings = Field(
        description="The native app behind it. It gets no environment, only arguments; '$(NAME)' "
        "in those is the value of a variable of `env` or `envFrom`."
    )
    sidecar: SidecarSettings | None = Field(
        default=None, description="A Wasm container for logs. Default: none."
    )
    volume: SharedVolumeSettings = Field(
        default_factory=SharedVolumeSettings, description="The volume that they share."
    )

    @model_validator(mode="after")
    def _proxy_has_an_upstream(self) -> Self:
        if not any(port.protocol == "TCP" for port in self.app.ports):
            raise FieldError("app.ports", "has no TCP port; name the one that the proxy calls")
        return self

    @model_validator(mode="after")
    def _nothing_is_mounted_twice(self) -> Self:
        names: dict[str, str] = {"shared": "volume"}
        for field, container in self.parts():
            for index, variable in enumerate(container.env):
                if variable.name in self._own_variables(field):
                    raise FieldError(
                        f"{field}.env[{index}].name",
                        f"'{variable.name}' is taken; rename it, or upstreamEnv, or volume.env",
                    )
            for index, volume in enumerate(container.volumes):
                place = f"{field}.volumes[{index}]"
                if volume.host_path is not None and not self.allow_host_path:
                    raise no_host_path(f"{place}.hostPath")
                if volume.name in names:
                    raise FieldError(
                        f"{place}.name",
                        f"'{volume.name}' is a volume of {names[volume.name]}; choose another name",
                    )
                if volume.mount_path == self.volume.mount_path:
                    raise FieldError(
                        f"{place}.mountPath", "is volume.mountPath; choose another path"
                    )
                names[volume.name] = field
        return self

    @model_validator(mode="after")
    def _pods_can_share_the_claim(self) -> Self:
        claim = self.volume.claim
        most = self.autoscaling.max_replicas if self.autoscaling else self.fewest_pods
        if claim is not None and most > 1 and claim.access_mode != "ReadWriteMany":
            raise FieldError(
                "volume.claim.accessMode",
                f"{claim.access_mode} does not let {most} pods on several nodes write to it; set "
                "ReadWriteMany, use emptyDir, or run one pod",
            )
        return self

    def parts(self) -> Iterator[tuple[str, ContainerSettings]]:
        """(field, container) of each container."""
        yield "proxy", self.proxy
        yield "app", self.app
        if self.sidecar is not None:
            yield "sidecar", self.sidecar

    @property
    def holds_claim_alone(self) -> bool:
        """Whether no second pod can have its volume: a rolling update would never end."""
        claim = self.volume.claim
        return claim is not None and claim.access_mode != "ReadWriteMany"

    def proxy_ports_with(self, shim: ShimName | None) -> list[PortSettings]:
        """The ports that the proxy listens on when ``shim`` runs it."""
        return default_ports(shim) if self.proxy.ports is None else self.proxy.ports

    def check_with(self, shim: ShimName | None) -> None:
        """Raise ``FieldError`` for what does not go together with ``shim``."""
        if shim is not None and shim not in MIXING_SHIMS:
            raise FieldError(
                "handler",
                f"'{self.handler}' is served by the {shim} shim, which takes every container for "
                "an application of its own and can't start the native app beside it; choose a "
                f"handler of {', '.join(MIXING_SHIMS)}, or split this into an app and a Deployment",
            )
        self._values_reach_the_native_app()
        ports = self.proxy_ports_with(shim)
        if not ports:
            raise FieldError("proxy.ports", "is missing: this shim has no HTTP port; add one")
        self._one_listener_a_port(ports)
        try:
            probes_ask_ports(self.proxy.probes, ports)
        except FieldError as error:
            raise FieldError(f"proxy.{error.field}", error.sentence) from None
        check_service(self.service, ports)

    def _values_reach_the_native_app(self) -> None:
        # The shims leave a container's environment to the guest that they run, and a native
        # program is none: https://github.com/containerd/runwasi/pull/668
        words = [*self.app.command, *self.app.args]
        for index, variable in enumerate(self.app.env):
            if not any(f"$({variable.name})" in word for word in words):
                raise FieldError(
                    f"app.env[{index}].name",
                    f"'{variable.name}' does not reach a native program, which the shims of "
                    "runwasi start without the container's environment; write "
                    f"'$({variable.name})' into app.args, where Kubernetes puts its value, or "
                    "mount a file",
                )
        if self.app.env_from and not any("$(" in word for word in words):
            raise FieldError(
                "app.envFrom",
                "does not reach a native program, which the shims of runwasi start without the "
                "container's environment; write the names that it needs into app.args, as "
                "'$(NAME)', or mount a file",
            )

    def _one_listener_a_port(self, proxy: list[PortSettings]) -> None:
        taken = {(port.container_port, port.protocol): "proxy" for port in proxy}
        named = {port.name: "proxy" for port in proxy}
        others: list[tuple[str, list[PortSettings]]] = [("app", self.app.ports)]
        if self.sidecar is not None:
            others.append(("sidecar", self.sidecar.ports))
        for field, ports in others:
            for index, port in enumerate(ports):
                place = (port.container_port, port.protocol)
                if place in taken:
                    raise FieldError(
                        f"{field}.ports[{index}].containerPort",
                        f"{port.container_port} is the {taken[place]}'s; the containers of a pod "
                        "share one network, so choose another",
                    )
                if port.name in named:
                    raise FieldError(
                        f"{field}.ports[{index}].name",
                        f"'{port.name}' is a port of the {named[port.name]}; choose another name",
                    )
                taken[place] = named[port.name] = field

    def _own_variables(self, field: str) -> set[str]:
        return {self.volume.env, *([self.proxy.upstream_env] if field == "proxy" else [])}
