"""Probes of a container, and the defaults for one that states none."""

from __future__ import annotations

from typing import Any

from components.manifests.metadata import without_empty
from shimyard.settings.workloads import PortSettings, ProbeSettings, ProbesSettings

_START_SECONDS = 60
_READY_PERIOD = 5


def probes(settings: ProbesSettings | None, ports: list[PortSettings]) -> dict[str, Any]:
    """The probe fields of a container that listens on ``ports``.

    ``None``: connect to the first TCP port, each second until the first success (a Wasm server is
    up within one), then every 5 seconds. No liveness probe: the kernel accepts a connection also
    for a process that hangs, so that one would prove nothing.
    """
    if settings is not None:
        return {f"{name}Probe": _probe(probe, ports) for name, probe in settings.named()}
    tcp = next((port for port in ports if port.protocol == "TCP"), None)
    if tcp is None:
        return {}
    connect = {"tcpSocket": {"port": tcp.name}}
    return {
        "startupProbe": {**connect, "periodSeconds": 1, "failureThreshold": _START_SECONDS},
        "readinessProbe": {**connect, "periodSeconds": _READY_PERIOD},
    }


def _probe(probe: ProbeSettings, ports: list[PortSettings]) -> dict[str, Any]:
    ways = {"http_get", "tcp_socket", "grpc"}
    fields = probe.model_dump(by_alias=True, exclude_defaults=True, exclude=ways)
    if probe.http_get is not None:
        get = probe.http_get.model_dump(by_alias=True, exclude_defaults=True)
        fields["httpGet"] = {"path": probe.http_get.path, **get, "port": _port(probe, ports)}
    elif probe.tcp_socket is not None:
        fields["tcpSocket"] = {"port": _port(probe, ports)}
    elif probe.grpc is not None:
        number = probe.grpc.port or ports[0].container_port
        fields["grpc"] = without_empty({"port": number, "service": probe.grpc.service})
    return fields


def _port(probe: ProbeSettings, ports: list[PortSettings]) -> int | str:
    return ports[0].name if probe.port is None else probe.port
