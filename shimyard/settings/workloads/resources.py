"""What a container asks for and what it may use at most."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from shimyard.settings.base import FieldError, Model
from shimyard.settings.quantity import CpuQuantity, MemoryQuantity, parse_quantity


class AmountsSettings(Model):
    """Amounts of what every node has."""

    cpu: CpuQuantity | None = Field(
        default=None, description="Processors: '0.5' or '500m'. Null: none stated."
    )
    memory: MemoryQuantity | None = Field(
        default=None, description="Bytes of memory: '64Mi'. Null: none stated."
    )
    ephemeral_storage: MemoryQuantity | None = Field(
        default=None, description="Bytes of the node's disk: '100Mi'. Null: none stated."
    )


class WasmRequestsSettings(AmountsSettings):
    """What the scheduler sets aside for a Wasm container."""

    cpu: CpuQuantity | None = Field(
        default="10m", description="Processors: '0.5' or '500m'. Null: none stated."
    )
    memory: MemoryQuantity | None = Field(
        default="2Mi", description="Bytes of memory: '64Mi'. Null: none stated."
    )


class WasmLimitsSettings(AmountsSettings):
    """What a Wasm container may use at most. No limit of processors: it would only add latency."""

    memory: MemoryQuantity | None = Field(
        default="128Mi",
        description="Bytes of memory: '64Mi'; above it the container ends with exit code 137 and "
        "reason Error. The default leaves room to compile a module of 2.6 MB as it starts; "
        "a precompiled OCI artifact needs far less. "
        "Null: no limit.",
    )


class NativeRequestsSettings(AmountsSettings):
    """What the scheduler sets aside for an ordinary container."""

    cpu: CpuQuantity | None = Field(
        default="50m", description="Processors: '0.5' or '500m'. Null: none stated."
    )
    memory: MemoryQuantity | None = Field(
        default="64Mi", description="Bytes of memory: '64Mi'. Null: none stated."
    )


class NativeLimitsSettings(AmountsSettings):
    """What an ordinary container may use at most."""

    memory: MemoryQuantity | None = Field(
        default="256Mi", description="Bytes of memory: '64Mi'. Null: no limit."
    )


class ResourcesSettings(Model):
    """Requests and limits of any container."""

    requests: AmountsSettings = Field(description="What the scheduler sets aside.")
    limits: AmountsSettings = Field(description="What it may use at most.")

    @model_validator(mode="after")
    def _requests_within_limits(self) -> Self:
        for name, field in AmountsSettings.model_fields.items():
            asked, most = getattr(self.requests, name), getattr(self.limits, name)
            if asked is None or most is None or parse_quantity(asked) <= parse_quantity(most):
                continue
            origin = "" if name in self.limits.model_fields_set else ", its default"
            raise FieldError(
                f"requests.{field.alias}",
                f"{asked} is more than limits.{field.alias} ({most}{origin}); raise the limit, "
                "or ask for less",
            )
        return self


class WasmResourcesSettings(ResourcesSettings):
    """Requests and limits of a Wasm container."""

    requests: WasmRequestsSettings = Field(
        default_factory=WasmRequestsSettings, description="What the scheduler sets aside."
    )
    limits: WasmLimitsSettings = Field(
        default_factory=WasmLimitsSettings, description="What it may use at most."
    )


class NativeResourcesSettings(ResourcesSettings):
    """Requests and limits of an ordinary container."""

    requests: NativeRequestsSettings = Field(
        default_factory=NativeRequestsSettings, description="What the scheduler sets aside."
    )
    limits: NativeLimitsSettings = Field(
        default_factory=NativeLimitsSettings, description="What it may use at most."
    )
