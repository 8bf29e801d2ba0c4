"""How kubelet asks a container whether it works: over the network, never by a command."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shimyard.settings.base import FieldError, Line, Model
from shimyard.settings.kubernetes import PortReference
from shimyard.settings.nodes import Port

NO_EXEC = (
    "can't run: the shim of a Wasm pod starts no second program in a container, so there is "
    "nothing that could execute a command"
)

Seconds = Annotated[int, Field(ge=1, le=86_400)]
Threshold = Annotated[int, Field(ge=1, le=10_000)]


class HeaderSettings(Model):
    """A header of a probe's request."""

    name: Line = Field(description="The header's name.")
    value: str = Field(description="The header's value.")


class HttpGetSettings(Model):
    """Works if a GET answers with a status from 200 to 399."""

    path: Annotated[Line, Field(max_length=2048)] = Field(
        default="/", description="Path of the request."
    )
    port: PortReference | None = Field(
        default=None, description="Number or name of the port. Default: the container's first."
    )
    scheme: Literal["HTTP", "HTTPS"] = Field(
        default="HTTP", description="HTTPS accepts any certificate."
    )
    http_headers: list[HeaderSettings] = Field(
        default_factory=list, description="Headers of the request."
    )


class TcpSocketSettings(Model):
    """Works if a connection is accepted."""

    port: PortReference | None = Field(
        default=None, description="Number or name of the port. Default: the container's first."
    )


class GrpcSettings(Model):
    """Works if the gRPC health service says SERVING."""

    port: Port | None = Field(
        default=None, description="Number of the port. Default: the container's first."
    )
    service: Line | None = Field(default=None, description="Service to ask for. Default: all.")


class ProbeTimesSettings(Model):
    """How often a container is asked, and how many answers count."""

    period_seconds: Seconds = Field(default=10, description="Seconds from one try to the next.")
    timeout_seconds: Seconds = Field(default=1, description="Seconds that an answer may take.")
    success_threshold: Threshold = Field(
        default=1, description="Good answers in a row to count as working; readiness only."
    )
    failure_threshold: Threshold = Field(
        default=3, description="Bad answers in a row to count as failing."
    )


class ProbeSettings(ProbeTimesSettings):
    """One probe; set exactly one of httpGet, tcpSocket and grpc."""

    http_get: HttpGetSettings | None = Field(default=None, description="By an HTTP request.")
    tcp_socket: TcpSocketSettings | None = Field(default=None, description="By a TCP connection.")
    grpc: GrpcSettings | None = Field(default=None, description="By gRPC's health service.")
    initial_delay_seconds: Annotated[int, Field(ge=0, le=86_400)] = Field(
        default=0, description="Seconds to wait after the container's start."
    )

    @model_validator(mode="before")
    @classmethod
    def _no_command(cls, data: object) -> object:
        if isinstance(data, dict) and "exec" in data:
            raise FieldError("exec", f"{NO_EXEC}; use httpGet, tcpSocket or grpc")
        return data

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        ways = [self.http_get, self.tcp_socket, self.grpc]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("set exactly one of httpGet, tcpSocket and grpc")
        return self

    @property
    def port(self) -> int | str | None:
        """Number or name of the port that is asked; None: the container's first."""
        for way in (self.http_get, self.tcp_socket, self.grpc):
            if way is not None:
                return way.port
        return None


class ProbesSettings(Model):
    """The three probes of a container; an empty table means none at all."""

    readiness: ProbeSettings | None = Field(
        default=None, description="While it fails, the pod gets no request."
    )
    liveness: ProbeSettings | None = Field(
        default=None, description="When it fails, the container is started anew."
    )
    startup: ProbeSettings | None = Field(
        default=None, description="Until it succeeds, the other two wait."
    )

    @model_validator(mode="after")
    def _one_success_is_enough(self) -> Self:
        for name, probe in (("liveness", self.liveness), ("startup", self.startup)):
            if probe is not None and probe.success_threshold != 1:
                raise FieldError(
                    f"{name}.successThreshold", "must be 1 here, says Kubernetes; remove it"
                )
        return self

    def named(self) -> list[tuple[str, ProbeSettings]]:
        """(field name, probe) of the probes that are set."""
        pairs = [
            ("readiness", self.readiness),
            ("liveness", self.liveness),
            ("startup", self.startup),
        ]
        return [(name, probe) for name, probe in pairs if probe is not None]
