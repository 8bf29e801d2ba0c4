"""The cluster's RuntimeClasses: one for each handler of the runtime's shims."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from shimyard.settings.base import DNS_LABEL, DnsLabel, Model, matching
from shimyard.settings.kubernetes import Labels, ObjectName, TolerationSettings
from shimyard.settings.quantity import CpuQuantity, MemoryQuantity
from shimyard.settings.runtime import RuntimeSettings, ShimName

# Whole parts with a dot each, and the start of one more.
_PREFIX = rf"({DNS_LABEL}\.){{0,4}}([a-z0-9][-a-z0-9]{{0,61}})?"

Prefix = Annotated[
    str,
    AfterValidator(
        matching(
            _PREFIX,
            "can't start a name; use lower case letters, digits, '-' and '.', for example "
            "'shimyard-'",
        )
    ),
]
"""The start of an object's name; may be empty."""


class OverheadSettings(Model):
    """What a pod costs beside its containers: its shim, its pause process, the kernel's share.

    The default is what benchmarks/density.py measured, 7.0 MiB with 100 pods, rounded up.
    """

    cpu: CpuQuantity | None = Field(
        default="5m", description="Processors: '0.5' or '5m'. Null: none stated."
    )
    memory: MemoryQuantity | None = Field(
        default="8Mi", description="Bytes of memory: '8Mi'. Null: none stated."
    )


class RuntimeClassSettings(Model):
    """What differs for one handler."""

    name: ObjectName | None = Field(
        default=None, description="Name of the RuntimeClass. Default: prefix and handler."
    )
    overhead: OverheadSettings | None = Field(
        default=None, description="Cost of a pod. Default: 5m and 8Mi, for runc nothing."
    )
    node_selector: Labels = Field(
        default_factory=dict,
        description="Labels that a node must have, beside the one that says that the handler's "
        "canary has passed there.",
    )
    tolerations: list[TolerationSettings] = Field(
        default_factory=list, description="Taints that don't keep the class's pods away."
    )
    labels: Labels = Field(default_factory=dict, description="More labels of the RuntimeClass.")


class RuntimeClassesSettings(Model):
    """RuntimeClasses; a pod of one only goes where its handler is proven."""

    prefix: Prefix = Field(
        default="shimyard-",
        description="Start of every name: K3s has classes by the shims' own names, which send "
        "pods to nodes without the shim.",
    )
    runc: bool = Field(default=False, description="Also one for ordinary containers.")
    handlers: dict[DnsLabel, RuntimeClassSettings] = Field(
        default_factory=dict, description="Handler -> what differs for it."
    )

    def settings_of(self, handler: str) -> RuntimeClassSettings:
        """What is set for ``handler``, or the defaults."""
        return self.handlers.get(handler, RuntimeClassSettings())

    def name_of(self, handler: str) -> str:
        """Name of the RuntimeClass of ``handler``: 'wasmtime' -> 'shimyard-wasmtime'."""
        return self.settings_of(handler).name or f"{self.prefix}{handler}"

    def handlers_of(self, runtime: RuntimeSettings) -> dict[str, ShimName | None]:
        """Handler -> its shim (None: runc) of every RuntimeClass that ``runtime`` gets."""
        found: dict[str, ShimName | None] = {shim.handler: shim.name for shim in runtime.shims}
        return {**found, "runc": None} if self.runc else found
