"""One container of a pod: what it runs, and with what."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from shimyard.settings.base import AbsolutePath, FieldError, Model
from shimyard.settings.kubernetes import KubernetesTable
from shimyard.settings.runtime import Image
from shimyard.settings.workloads.environment import (
    EnvFromSettings,
    EnvSettings,
    one_value_a_name,
)
from shimyard.settings.workloads.ports import PortSettings, one_port_a_place
from shimyard.settings.workloads.probes import NO_EXEC, ProbesSettings
from shimyard.settings.workloads.resources import (
    NativeResourcesSettings,
    WasmResourcesSettings,
)
from shimyard.settings.workloads.volumes import VolumeSettings, one_volume_a_place


class ContainerSettings(Model):
    """What every container can have, Wasm or not."""

    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None,
        description="When to ask the registry. Default: Kubernetes' own, Always for ':latest'.",
    )
    command: list[str] = Field(default_factory=list, description="Replaces the image's entrypoint.")
    args: list[str] = Field(default_factory=list, description="Arguments. Default: the image's.")
    working_dir: AbsolutePath | None = Field(
        default=None, description="Working folder. Default: the image's."
    )
    env: list[EnvSettings] = Field(default_factory=list, description="Environment variables.")
    env_from: list[EnvFromSettings] = Field(
        default_factory=list, description="Whole ConfigMaps and Secrets as variables."
    )
    volumes: list[VolumeSettings] = Field(
        default_factory=list, description="Volumes and where they are mounted."
    )
    security_context: KubernetesTable = Field(
        default_factory=dict,
        description="Merged over the default: no escalation, no capability but NET_BIND_SERVICE, "
        "the runtime's seccomp profile and, for Wasm, a read-only root. Null takes a field away.",
    )

    @model_validator(mode="before")
    @classmethod
    def _no_hooks(cls, data: object) -> object:
        if isinstance(data, dict) and "lifecycle" in data:
            raise FieldError("lifecycle", f"{NO_EXEC}; use preStopSleepSeconds to drain")
        return data

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        one_value_a_name(self.env)
        one_volume_a_place(self.volumes)
        return self


class WasmContainerSettings(ContainerSettings):
    """A container that a Wasm shim runs; set exactly one of image and artifact."""

    image: Image | None = Field(
        default=None, description="An image with a module or component and an entrypoint."
    )
    artifact: Image | None = Field(
        default=None,
        description="An OCI Wasm artifact: layers of Wasm, compiled once a node. It has no "
        "entrypoint, so a command is added unless one is given.",
    )
    ports: list[PortSettings] | None = Field(
        default=None,
        description="Ports that it listens on; [] for none. Default: where the shim serves HTTP, "
        "'http' on 8080 for wasmtime and on 80 for spin, else none.",
    )
    probes: ProbesSettings | None = Field(
        default=None,
        description="Default: connect to the first TCP port, each second at the start, then every "
        "5; no liveness probe. {} for none.",
    )
    resources: WasmResourcesSettings = Field(
        default_factory=WasmResourcesSettings, description="Requests and limits."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.image is None) == (self.artifact is None):
            raise ValueError("set exactly one of image and artifact")
        return self

    @model_validator(mode="after")
    def _one_port_a_place(self) -> Self:
        if self.ports is not None:
            one_port_a_place(self.ports)
            probes_ask_ports(self.probes, self.ports)
        return self


class NativeContainerSettings(ContainerSettings):
    """An ordinary Linux container, run by a shim that can also do that."""

    image: Image = Field(description="An ordinary image: its entrypoint is an ELF file or script.")
    ports: list[PortSettings] = Field(default_factory=list, description="Ports that it listens on.")
    probes: ProbesSettings | None = Field(
        default=None,
        description="Default: connect to the first TCP port, each second at the start, then every "
        "5; no liveness probe. {} for none.",
    )
    resources: NativeResourcesSettings = Field(
        default_factory=NativeResourcesSettings, description="Requests and limits."
    )

    @model_validator(mode="after")
    def _one_port_a_place(self) -> Self:
        one_port_a_place(self.ports)
        probes_ask_ports(self.probes, self.ports)
        return self


def probes_ask_ports(probes: ProbesSettings | None, ports: list[PortSettings]) -> None:
    """Raise ``FieldError`` if a probe asks a port that the container does not name."""
    if probes is None:
        return
    known: set[Any] = {port.name for port in ports}
    for field, probe in probes.named():
        asked = probe.port
        if asked is None and not ports:
            raise FieldError(
                f"probes.{field}", "has no port to ask; add one to ports, or write its number"
            )
        if isinstance(asked, str) and asked not in known:
            names = ", ".join(sorted(known)) or "none"
            raise FieldError(
                f"probes.{field}", f"there is no port '{asked}'; the container's ports: {names}"
            )
