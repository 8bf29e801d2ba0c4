"""A Wasm app: one container, in as many pods as are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from shimyard.settings.base import DnsLabel, FieldError
from shimyard.settings.runtime import ShimName
from shimyard.settings.workloads.container import WasmContainerSettings, probes_ask_ports
from shimyard.settings.workloads.pod import WasmPodsSettings
from shimyard.settings.workloads.ports import PortSettings, ServiceSettings, default_ports
from shimyard.settings.workloads.resources import ResourcesSettings
from shimyard.settings.workloads.scaling import AutoscalingSettings
from shimyard.settings.workloads.volumes import VolumeSettings


class WasmAppSettings(WasmContainerSettings, WasmPodsSettings):
    """A Wasm app; set exactly one of image and artifact."""

    profile: DnsLabel | None = Field(
        default=None,
        description="Capability profile of `security.profiles` that its pods are held to. "
        "Default: none.",
    )

    @model_validator(mode="after")
    def _node_paths_are_asked_for(self) -> Self:
        check_host_paths(self.volumes, allowed=self.allow_host_path)
        return self

    @model_validator(mode="after")
    def _percentages_of_what_is_stated(self) -> Self:
        check_percentages(self.autoscaling, self.resources)
        return self

    def ports_with(self, shim: ShimName | None) -> list[PortSettings]:
        """The ports that it listens on when ``shim`` runs it."""
        return default_ports(shim) if self.ports is None else self.ports

    def check_with(self, shim: ShimName | None) -> None:
        """Raise ``FieldError`` for what does not go together with ``shim``."""
        ports = self.ports_with(shim)
        probes_ask_ports(self.probes, ports)
        check_service(self.service, ports)


def check_host_paths(volumes: Sequence[VolumeSettings], *, allowed: bool) -> None:
    """Raise ``FieldError`` for the first volume that opens the node, unless that is ``allowed``."""
    for index, volume in enumerate(volumes):
        if volume.host_path is not None and not allowed:
            raise no_host_path(f"volumes[{index}].hostPath")


def check_percentages(scaling: AutoscalingSettings | None, resources: ResourcesSettings) -> None:
    """Raise ``FieldError`` for a percentage of memory of which nobody has said what it is."""
    if scaling is None or scaling.memory_utilization is None:
        return
    if "memory" not in resources.requests.model_fields_set:
        raise FieldError(
            "autoscaling.memoryUtilization",
            "is a percentage of resources.requests.memory, of which the default is far below "
            "what an engine needs: set that too, or use memoryAverage",
        )


def no_host_path(field: str) -> FieldError:
    """A volume that opens the node itself, which nobody has asked for."""
    return FieldError(
        field, "opens the node's own files to the pod; use another volume, or set allowHostPath"
    )


def check_service(service: ServiceSettings | None, ports: list[PortSettings]) -> None:
    """Raise ``FieldError`` if ``service`` leads to no port of the container."""
    if service is None or service.type == "None":
        return
    if not ports:
        raise FieldError("service", "has no port to lead to; add one to ports, or set type: None")
    names: dict[str, str] = {port.name: port.protocol for port in ports}
    numbers = {(port.container_port, port.protocol) for port in ports}
    for index, port in enumerate(service.ports or []):
        target = port.target_port
        if target is None and port.name not in names:
            if (port.port, port.protocol) in numbers:
                continue
            raise FieldError(
                f"service.ports[{index}]",
                f"no port of the container is '{port.name}' or {port.port}; set targetPort",
            )
        named = port.name if target is None else target
        if isinstance(named, int):
            continue
        if named not in names:
            raise FieldError(
                f"service.ports[{index}].targetPort",
                f"there is no port '{named}'; the container's ports: {', '.join(sorted(names))}",
            )
        if names[named] != port.protocol:
            raise FieldError(
                f"service.ports[{index}].protocol",
                f"is {port.protocol}, and the container's port '{named}' is {names[named]}; make "
                "them the same",
            )
