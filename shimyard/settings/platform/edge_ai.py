"""Models at the edge: a Wasm app on each node that has the models, and the device, it needs."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from shimyard.settings.base import (
    DNS_LABEL,
    AbsolutePath,
    DnsLabel,
    FieldError,
    Model,
    each_once,
    matching,
)
from shimyard.settings.kubernetes import Count, Labels, PodCount
from shimyard.settings.runtime import ModelEncoding
from shimyard.settings.workloads.apps import WasmAppSettings
from shimyard.settings.workloads.pod import SpreadSettings
from shimyard.settings.workloads.volumes import (
    HostPathSettings,
    VolumeSettings,
    one_volume_a_place,
)

_OF_A_DEPLOYMENT = ("replicas", "autoscaling", "disruptionBudget", "spread", "strategy")

DeviceName = Annotated[
    str,
    AfterValidator(
        matching(
            rf"(?!([a-z0-9.-]+\.)?kubernetes\.io/){DNS_LABEL}(\.{DNS_LABEL})*/"
            r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?",
            "is no resource of a device plugin; write it like 'gpu.intel.com/i915'",
        )
    ),
]
"""An extended resource, as a device plugin calls it: a domain and a name."""


class ModelSettings(Model):
    """A model: a file that the node has by an entry of `files` with a sha256."""

    name: DnsLabel = Field(description="Name, of its volume too.")
    path: AbsolutePath = Field(
        description="Path on the node, that of an entry of `files` for each node that is chosen."
    )
    mount_path: AbsolutePath | None = Field(
        default=None,
        description="Where the guest reads it. Default: the file's name below /models.",
    )
    encoding: ModelEncoding = Field(
        default="onnx", description="How it is written down; the handler's shim must run such."
    )

    @property
    def volume(self) -> VolumeSettings:
        """The file itself, read-only: a pod keeps the one that it has started with."""
        return VolumeSettings(
            name=self.name,
            mount_path=self.mount_path or f"/models/{PurePosixPath(self.path).name}",
            read_only=True,
            host_path=HostPathSettings(path=self.path, type="File"),
        )


class DaemonStrategySettings(Model):
    """How a new version, or a new model, replaces the old one."""

    type: Literal["RollingUpdate", "OnDelete"] = Field(
        default="RollingUpdate", description="OnDelete: a node's pod stays until somebody ends it."
    )
    max_unavailable: PodCount | None = Field(
        default=None,
        description="Nodes that may be without meanwhile: a number, or a percentage in quotes. "
        "Default: 1.",
    )
    min_ready_seconds: Count = Field(
        default=0, description="Seconds that a pod must stay ready to count as available."
    )
    revision_history_limit: Count = Field(default=10, description="Old versions that are kept.")

    @model_validator(mode="after")
    def _gets_on(self) -> Self:
        if self.max_unavailable in (0, "0%"):
            raise FieldError(
                "maxUnavailable",
                "would stop every update: a node's new pod gets the device when the old one has "
                "ended; allow one",
            )
        if self.max_unavailable is not None and self.type == "OnDelete":
            raise FieldError("maxUnavailable", "belongs to RollingUpdate; remove it")
        return self


def _as_written(schema: dict[str, Any]) -> None:
    """It has a pod on each chosen node, so that these are nobody's to choose."""
    for field in _OF_A_DEPLOYMENT:
        del schema["properties"][field]


class EdgeAiSettings(WasmAppSettings):
    """A Wasm app that runs models: a DaemonSet on the nodes that its labels choose."""

    model_config = ConfigDict(json_schema_extra=_as_written)

    node_selector: Labels = Field(
        min_length=1,
        description="Labels that choose the nodes, as `nodes` has them; their handler must have "
        "been proven, too.",
    )
    spread: SpreadSettings = Field(
        default=SpreadSettings(zones="None", nodes="None"), description="None: a pod on each node."
    )
    models: list[ModelSettings] = Field(
        min_length=1, description="Models, each mounted read-only from the node."
    )
    devices: dict[DeviceName, Annotated[int, Field(ge=1, le=1000)]] = Field(
        default_factory=dict,
        description="Resources of device plugins, and how many of each: 'gpu.intel.com/i915: 1'. "
        "They are the engine's to use, not the guest's. Default: none.",
    )
    update_strategy: DaemonStrategySettings = Field(
        default_factory=DaemonStrategySettings,
        description="How a new version, or a new model, replaces the old one. Default: node by "
        "node.",
    )

    @model_validator(mode="before")
    @classmethod
    def _a_pod_on_each_node(cls, data: object) -> object:
        for field in _OF_A_DEPLOYMENT:
            if isinstance(data, dict) and field in data:
                raise FieldError(
                    field, "is of a Deployment, and this is one pod on each chosen node; remove it"
                )
        return data

    @model_validator(mode="after")
    def _each_model_once(self) -> Self:
        each_once("models[{}].name", (model.name for model in self.models))
        one_volume_a_place(self.mounted().volumes)
        return self

    def mounted(self) -> Self:
        """The same with its models among its volumes."""
        volumes = [*self.volumes, *(model.volume for model in self.models)]
        return self.model_copy(update={"volumes": volumes})
