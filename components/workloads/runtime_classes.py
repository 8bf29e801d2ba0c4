"""The cluster's RuntimeClasses."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.node.v1 import RuntimeClass

from components.manifests.metadata import MANAGED_BY, without_empty
from shimyard.settings import RuntimeClassesSettings, RuntimeSettings, ShimName
from shimyard.settings.capabilities import PROVEN, capability_label
from shimyard.settings.workloads import RuntimeClassSettings
from shimyard.settings.workloads.runtime_classes import OverheadSettings


class RuntimeClasses(pulumi.ComponentResource):
    """One RuntimeClass for each handler of a runtime's shims, and for runc if asked for.

    Its pods go only to nodes with the handler's capability label (``capability_label``), which is
    set where the handler's canary has passed. ``overhead.podFixed`` is what kubelet and scheduler
    count for a pod beside its containers: 5m and 8Mi for a Wasm handler, nothing for runc.

    Outputs: ``names`` (handler -> name of its RuntimeClass).
    """

    names: dict[str, pulumi.Output[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        runtime: RuntimeSettings,
        classes: RuntimeClassesSettings | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``classes``: what differs from the defaults. ``opts``: with the Kubernetes provider."""
        super().__init__("shimyard:index:RuntimeClasses", resource_name, None, opts)
        chosen = classes or RuntimeClassesSettings()
        self.names = {}
        for handler, shim in chosen.handlers_of(runtime).items():
            made = RuntimeClass(
                f"{resource_name}-{handler}",
                metadata=_metadata(chosen.name_of(handler), chosen.settings_of(handler)),
                handler=handler,
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # Kubernetes lets a class never change its handler.
                    replace_on_changes=["handler"],
                    delete_before_replace=True,
                ),
                **_fields(handler, shim, chosen.settings_of(handler)),
            )
            self.names[handler] = made.metadata["name"]
        self.register_outputs({"names": self.names})


def _metadata(name: str, settings: RuntimeClassSettings) -> dict[str, Any]:
    return {"name": name, "labels": {**settings.labels, **MANAGED_BY}}


def _fields(handler: str, shim: ShimName | None, settings: RuntimeClassSettings) -> dict[str, Any]:
    selector = {**settings.node_selector, capability_label(handler): PROVEN}
    tolerations = [
        each.model_dump(by_alias=True, exclude_none=True) for each in settings.tolerations
    ]
    overhead = settings.overhead
    if overhead is None and shim is not None:
        overhead = OverheadSettings()
    cost = {} if overhead is None else overhead.model_dump(exclude_none=True)
    return without_empty(
        {
            "scheduling": without_empty({"nodeSelector": selector, "tolerations": tolerations}),
            "overhead": {"podFixed": cost} if cost else None,
        }
    )
