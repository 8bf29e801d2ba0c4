"""Ports of containers, and the Service that leads to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from shimyard.settings.base import FieldError, Line, Model
from shimyard.settings.kubernetes import Annotations, Labels, PortName, PortReference
from shimyard.settings.nodes import Port
from shimyard.settings.runtime import ShimName

Protocol = Literal["TCP", "UDP", "SCTP"]
ServiceType = Literal["ClusterIP", "NodePort", "LoadBalancer", "Headless", "None"]

_OUTSIDE = {"NodePort", "LoadBalancer"}


class PortSettings(Model):
    """A port that a container listens on."""

    name: PortName = Field(default="http", description="Name, by which probes and Services ask.")
    container_port: Port = Field(description="Number of the port.")
    protocol: Protocol = Field(default="TCP", description="Transport.")


HTTP_PORTS: dict[ShimName, int] = {"wasmtime": 8080, "spin": 80}
"""Where a shim itself serves HTTP: wasmtime for `wasi:http` components, spin always."""


def default_ports(shim: ShimName | None) -> list[PortSettings]:
    """The ports of a Wasm container that names none: the shim's HTTP port, if it serves HTTP."""
    if shim is None or shim not in HTTP_PORTS:
        return []
    return [PortSettings(name="http", container_port=HTTP_PORTS[shim])]


def one_port_a_place(ports: Sequence[PortSettings], field: str = "ports") -> None:
    """Raise ``FieldError`` if two of ``ports`` share a name, or a number and a protocol."""
    names: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    for index, port in enumerate(ports):
        if port.name in names:
            raise FieldError(
                f"{field}[{index}].name", f"'{port.name}' stands twice; give each its own name"
            )
        if (port.container_port, port.protocol) in numbers:
            raise FieldError(
                f"{field}[{index}].containerPort",
                f"{port.container_port}/{port.protocol} stands twice; keep one entry",
            )
        names.add(port.name)
        numbers.add((port.container_port, port.protocol))


class ServicePortSettings(Model):
    """A port of a Service."""

    name: PortName = Field(default="http", description="Name of the port.")
    port: Port = Field(description="Number that clients use.")
    target_port: PortReference | None = Field(
        default=None,
        description="Number or name of the container's port. Default: the one with this name, "
        "else the same number.",
    )
    protocol: Protocol = Field(default="TCP", description="Transport.")
    node_port: Port | None = Field(
        default=None,
        description="Number on every node, for NodePort and LoadBalancer. Default: a free one "
        "from 30000 to 32767.",
    )
    app_protocol: Line | None = Field(
        default=None,
        description="Protocol above it, as proxies know it: 'http', 'kubernetes.io/ws'.",
    )


class ServiceSettings(Model):
    """How an app is reached by others."""

    type: ServiceType = Field(
        default="ClusterIP",
        description="Headless: no address of its own, a name that resolves to the pods. "
        "None: no Service.",
    )
    ports: list[ServicePortSettings] | None = Field(
        default=None, description="Default: each port of the container under its own number."
    )
    labels: Labels = Field(default_factory=dict, description="More labels of the Service.")
    annotations: Annotations = Field(
        default_factory=dict, description="Annotations of the Service."
    )
    external_traffic_policy: Literal["Cluster", "Local"] | None = Field(
        default=None,
        description="Local: a node passes on only to its own pods, and the client's address "
        "stays. Default: Cluster.",
    )
    internal_traffic_policy: Literal["Cluster", "Local"] | None = Field(
        default=None, description="Local: clients reach pods of their own node only."
    )
    traffic_distribution: Literal["PreferClose", "PreferSameZone", "PreferSameNode"] | None = Field(
        default=None, description="Which pods are asked first. Default: all alike."
    )
    session_affinity: Literal["None", "ClientIP"] | None = Field(
        default=None, description="ClientIP: a client stays with its pod. Default: None."
    )
    load_balancer_class: Line | None = Field(
        default=None, description="Who provides the load balancer. Default: the cluster's own."
    )
    load_balancer_source_ranges: list[Line] = Field(
        default_factory=list, description="Networks that may use the load balancer: '10.0.0.0/8'."
    )
    ip_family_policy: Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None = Field(
        default=None, description="IPv4 and IPv6. Default: SingleStack."
    )
    publish_not_ready_addresses: bool = Field(
        default=False, description="Lead also to pods that are not ready."
    )

    @model_validator(mode="after")
    def _fields_of_the_type(self) -> Self:
        if self.type == "None":
            extra = sorted(self.model_fields_set - {"type"})
            if extra:
                name = ServiceSettings.model_fields[extra[0]].alias
                raise FieldError(f"{name}", "has no meaning with type None; remove it")
        if self.type not in _OUTSIDE and self.external_traffic_policy is not None:
            raise FieldError(
                "externalTrafficPolicy", "needs type NodePort or LoadBalancer; remove it"
            )
        if self.type != "LoadBalancer":
            if self.load_balancer_class is not None:
                raise FieldError("loadBalancerClass", "needs type LoadBalancer; remove it")
            if self.load_balancer_source_ranges:
                raise FieldError("loadBalancerSourceRanges", "needs type LoadBalancer; remove it")
        return self

    @model_validator(mode="after")
    def _one_port_a_place(self) -> Self:
        if self.ports is not None and not self.ports and self.type != "None":
            raise FieldError("ports", "is empty; add a port, or set type: None")
        names: set[str] = set()
        numbers: set[tuple[str, int, str]] = set()
        for index, port in enumerate(self.ports or []):
            if port.name in names:
                raise FieldError(
                    f"ports[{index}].name", f"'{port.name}' stands twice; give each its own name"
                )
            names.add(port.name)
            taken: list[tuple[str, int | None]] = [
                ("port", port.port),
                ("nodePort", port.node_port),
            ]
            for field, number in taken:
                if number is None:
                    continue
                if (field, number, port.protocol) in numbers:
                    raise FieldError(
                        f"ports[{index}].{field}", f"{number} stands twice; keep one entry"
                    )
                numbers.add((field, number, port.protocol))
            if port.node_port is not None and self.type not in _OUTSIDE:
                raise FieldError(
                    f"ports[{index}].nodePort", "needs type NodePort or LoadBalancer; remove it"
                )
        return self
