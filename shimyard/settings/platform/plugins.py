"""Plugins of many tenants in one process: what each is, and what it may use."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from shimyard.settings.base import (
    DNS_LABEL,
    AbsolutePath,
    DnsLabel,
    FieldError,
    Model,
    each_once,
    matching,
)
from shimyard.settings.kubernetes import EnvName
from shimyard.settings.quantity import MemoryQuantity, parse_quantity
from shimyard.settings.runtime import Image
from shimyard.settings.workloads.apps import check_service
from shimyard.settings.workloads.pod import PodsSettings
from shimyard.settings.workloads.ports import PortSettings
from shimyard.settings.workloads.resources import (
    AmountsSettings,
    NativeRequestsSettings,
    ResourcesSettings,
)

HOST_PORT: Final = 8080
"""Where the host listens."""
OWN_BYTES: Final = 128 * 2**20
"""What the host needs beside its plugins' memories: Wasmtime, and the compiled code."""

_RESERVED = ("healthz", "settings")

HostPort = Annotated[
    str,
    AfterValidator(
        matching(
            rf"{DNS_LABEL}(\.{DNS_LABEL})*:[1-9][0-9]{{0,4}}",
            "is not a host and a port; write it like 'stock.shop.svc:8080', in lower case",
        )
    ),
]
"""A DNS name or an IPv4 address, and a port: 'stock.shop.svc:8080'."""


class PluginSettings(Model):
    """A tenant's plugin. It has no file, no socket and no variable but those that stand here."""

    name: DnsLabel = Field(
        description="Name of the tenant: the first segment of the path of its requests."
    )
    image: Image = Field(
        description="An image with the plugin in it, which is mounted and never started."
    )
    path: AbsolutePath = Field(
        default="/plugin.wasm",
        description="Path in the image of a component that exports wasi:http/incoming-handler.",
    )
    fuel: Annotated[int, Field(ge=1, le=2**53)] = Field(
        default=1_000_000_000, description="Wasm instructions that a request may take, about."
    )
    memory: MemoryQuantity = Field(
        default="32Mi", description="Bytes of all memories of an instance together."
    )
    table_elements: Annotated[int, Field(ge=0, le=2**31)] = Field(
        default=10_000, description="Elements of all tables of an instance together."
    )
    timeout_milliseconds: Annotated[int, Field(ge=1, le=3_600_000)] = Field(
        default=1000, description="Milliseconds from a request to the end of its answer."
    )
    concurrency: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=4, description="Requests at a time; others are answered with 429."
    )
    environment: dict[EnvName, str] = Field(
        default_factory=dict, description="Variables that the plugin sees. No place for secrets."
    )
    hosts: list[HostPort] = Field(
        default_factory=list,
        description="Servers that it may ask by HTTP: 'stock.shop.svc:8080'. Default: none.",
    )

    @model_validator(mode="after")
    def _name_is_free(self) -> Self:
        if self.name in _RESERVED:
            raise FieldError("name", f"'{self.name}' is the host's own; choose another name")
        return self

    @property
    def most_bytes(self) -> Fraction:
        """What all of its instances at a time may have together."""
        return parse_quantity(self.memory) * self.concurrency


class HostLimitsSettings(AmountsSettings):
    """What the host may use at most."""

    memory: MemoryQuantity | None = Field(
        default=None,
        description="Bytes of memory. Default: what all plugins may use at a time, and 128Mi.",
    )


class HostResourcesSettings(ResourcesSettings):
    """Requests and limits of the host."""

    requests: NativeRequestsSettings = Field(
        default_factory=NativeRequestsSettings, description="What the scheduler sets aside."
    )
    limits: HostLimitsSettings = Field(
        default_factory=HostLimitsSettings, description="What it may use at most."
    )


class PluginHostSettings(PodsSettings):
    """One process, in one or more pods, that runs the plugins of many tenants."""

    image: Image = Field(
        description="An image of the host, which takes the path of its settings as an argument."
    )
    resources: HostResourcesSettings = Field(
        default_factory=HostResourcesSettings, description="Requests and limits of each pod."
    )
    plugins: list[PluginSettings] = Field(description="A plugin for each tenant.", min_length=1)

    @model_validator(mode="after")
    def _the_service_leads_to_it(self) -> Self:
        check_service(self.service, self.ports)
        return self

    @model_validator(mode="after")
    def _each_tenant_once(self) -> Self:
        each_once("plugins[{}].name", (plugin.name for plugin in self.plugins))
        return self

    @model_validator(mode="after")
    def _no_tenant_takes_the_memory_of_another(self) -> Self:
        limit = self.resources.limits.memory
        if limit is not None and parse_quantity(limit) < self.most_bytes:
            raise FieldError(
                "resources.limits.memory",
                f"{limit} is less than what the plugins may use together, "
                f"{self.most_memory} with the host's own {OWN_BYTES // 2**20}Mi, so "
                "one tenant could end the others; raise it, or lower the plugins' memory or "
                "concurrency",
            )
        return self

    @model_validator(mode="after")
    def _asks_for_no_more_than_it_may_use(self) -> Self:
        asked, limit = self.resources.requests.memory, self.resources.limits.memory
        if limit is None and asked is not None and parse_quantity(asked) > self.most_bytes:
            raise FieldError(
                "resources.requests.memory",
                f"{asked} is more than the limit, which is {self.most_memory} for these plugins; "
                "lower it, or set resources.limits.memory",
            )
        return self

    @property
    def ports(self) -> list[PortSettings]:
        """Where it listens."""
        return [PortSettings(name="http", container_port=HOST_PORT)]

    @property
    def most_bytes(self) -> Fraction:
        """What a pod of the host needs when each plugin uses all that it may."""
        return OWN_BYTES + sum((each.most_bytes for each in self.plugins), Fraction(0))

    @property
    def most_memory(self) -> str:
        """The same as a quantity, in whole mebibytes."""
        return f"{-(-self.most_bytes // 2**20)}Mi"
