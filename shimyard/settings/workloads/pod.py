"""What an app has beside its containers: how many pods, where, and how they are reached."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from shimyard.errors import shown
from shimyard.settings.base import DnsLabel, FieldError, Model
from shimyard.settings.kubernetes import (
    Annotations,
    AppName,
    Count,
    KubernetesTable,
    Labels,
    ObjectName,
    TolerationSettings,
)
from shimyard.settings.runtime import ShimName
from shimyard.settings.workloads.ports import ServiceSettings
from shimyard.settings.workloads.probes import NO_EXEC
from shimyard.settings.workloads.scaling import (
    AutoscalingSettings,
    DisruptionBudgetSettings,
    StrategySettings,
)

DRAIN_SECONDS = 5
"""Endpoints take a moment to reach every node; until then, requests still go to an ending pod."""

Unsatisfiable = Literal["ScheduleAnyway", "DoNotSchedule", "None"]


class SpreadSettings(Model):
    """How the pods of an app are spread (Kubernetes: topologySpreadConstraints)."""

    zones: Unsatisfiable = Field(
        default="ScheduleAnyway",
        description="Over zones (topology.kubernetes.io/zone). ScheduleAnyway: as far as there is "
        "room. DoNotSchedule: a pod waits instead. None: no rule.",
    )
    nodes: Unsatisfiable = Field(
        default="ScheduleAnyway", description="Over nodes (kubernetes.io/hostname), likewise."
    )
    max_skew: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=1, description="By how many pods two zones, or two nodes, may differ."
    )


class AppSettings(Model):
    """What every app has, whoever makes its pods: where it is, and how many pods there are."""

    name: AppName = Field(
        description="Name of the Deployment, its Service and all else that belongs to it."
    )
    namespace: DnsLabel = Field(default="default", description="One of `namespaces`, or 'default'.")
    labels: Labels = Field(default_factory=dict, description="More labels of everything it has.")
    annotations: Annotations = Field(
        default_factory=dict, description="Annotations of the Deployment."
    )
    pod_labels: Labels = Field(default_factory=dict, description="More labels of the pods.")
    pod_annotations: Annotations = Field(
        default_factory=dict, description="Annotations of the pods."
    )
    replicas: Count | None = Field(
        default=None, description="Number of pods. Default: 1. Not together with autoscaling."
    )
    autoscaling: AutoscalingSettings | None = Field(
        default=None, description="Let load decide how many pods there are. Default: no."
    )
    disruption_budget: DisruptionBudgetSettings = Field(
        default_factory=DisruptionBudgetSettings,
        description="How many pods a drain may take at a time.",
    )
    image_pull_secrets: list[ObjectName] = Field(
        default_factory=list, description="More Secrets with registries' credentials."
    )
    allow_host_path: bool = Field(
        default=False, description="Allow volumes that are paths of the node."
    )

    @model_validator(mode="after")
    def _one_number_of_pods(self) -> Self:
        if self.replicas is not None and self.autoscaling is not None:
            raise FieldError("replicas", "has autoscaling beside it, which decides; remove one")
        least, pods = self.disruption_budget.min_available, max(self.fewest_pods, 1)
        if least is not None and _of(least, pods) >= pods:
            raise FieldError(
                "disruptionBudget.minAvailable",
                f"{least} of {pods} would stop every drain; write a smaller number, or run more "
                "pods",
            )
        return self

    @property
    def fewest_pods(self) -> int:
        """Pods that there are at least."""
        if self.autoscaling is not None:
            return self.autoscaling.min_replicas
        return 1 if self.replicas is None else self.replicas

    @property
    def has_budget(self) -> bool:
        """Whether it gets a PodDisruptionBudget."""
        wanted = self.disruption_budget.enabled
        return self.fewest_pods > 1 if wanted is None else wanted


class PodsSettings(AppSettings):
    """The pods of an app of ours, whatever runs them."""

    spread: SpreadSettings = Field(
        default_factory=SpreadSettings, description="How the pods are spread."
    )
    strategy: StrategySettings | None = Field(
        default=None,
        description="How a new version replaces the old one. Default: rolling, none missing.",
    )
    service: ServiceSettings | None = Field(
        default=None,
        description="How it is reached. Default: a ClusterIP Service, if there is a port.",
    )
    pre_stop_sleep_seconds: Annotated[int, Field(ge=0, le=3600)] | None = Field(
        default=None,
        description="Seconds that an ending pod still answers, until every node has stopped "
        f"sending it requests. Default: {DRAIN_SECONDS} with a port, else 0.",
    )
    termination_grace_period_seconds: Annotated[int, Field(ge=0, le=86_400)] = Field(
        default=30, description="Seconds from the first signal to the last, the sleep included."
    )
    node_selector: Labels = Field(
        default_factory=dict,
        description="Labels that a node must have, beside those of the runtime class.",
    )
    tolerations: list[TolerationSettings] = Field(
        default_factory=list, description="Taints that don't keep it away."
    )
    priority_class_name: ObjectName | None = Field(
        default=None, description="Name of a PriorityClass. Default: the cluster's."
    )
    service_account_name: ObjectName | None = Field(
        default=None,
        description="Account of the pods, without a token. Default: the namespace's own, which "
        "carries the registries' credentials.",
    )
    pod_security_context: KubernetesTable = Field(
        default_factory=dict,
        description="Merged over the default: user and group 65532 (spin: root, which it needs). "
        "Null takes a field away.",
    )
    pod_override: KubernetesTable = Field(
        default_factory=dict,
        description="Fields of the pod's spec that Shimyard does not have, merged last: tables "
        "field by field, lists of named things by name, null takes away, all else replaces.",
    )

    @model_validator(mode="after")
    def _drains_within_its_grace_period(self) -> Self:
        sleep, grace = self.pre_stop_sleep_seconds, self.termination_grace_period_seconds
        if sleep is None:
            if grace <= DRAIN_SECONDS:
                raise FieldError(
                    "terminationGracePeriodSeconds",
                    f"{grace} leaves no time after the sleep of {DRAIN_SECONDS}; raise it, or set "
                    "preStopSleepSeconds",
                )
        elif sleep and sleep >= grace:
            raise FieldError(
                "preStopSleepSeconds",
                f"{sleep} leaves no time of the terminationGracePeriodSeconds ({grace}); "
                "raise that, or sleep less",
            )
        return self

    @model_validator(mode="after")
    def _override_starts_no_program(self) -> Self:
        found = _command(self.pod_override, "podOverride")
        if found is not None:
            raise FieldError(found, f"{NO_EXEC}; use httpGet, tcpSocket, grpc or sleep")
        return self

    def sleep_seconds(self, *, listens: bool) -> int:
        """Seconds of the preStop sleep, for a pod that has a port or not."""
        if self.pre_stop_sleep_seconds is not None:
            return self.pre_stop_sleep_seconds
        return DRAIN_SECONDS if listens else 0


class WasmPodsSettings(PodsSettings):
    """The pods of an app that a shim runs."""

    handler: DnsLabel = Field(description="Handler of one of the runtime's shims.")

    def check_with(self, shim: ShimName | None) -> None:
        """Raise ``FieldError`` for what does not go together with ``shim``."""
        raise NotImplementedError


def _of(amount: int | str, pods: int) -> int:
    """A number of pods, or a percentage of them rounded up, as Kubernetes does for a budget."""
    return amount if isinstance(amount, int) else -(-pods * int(amount.rstrip("%")) // 100)


def _command(value: JsonValue, path: str) -> str | None:
    """Path of the first probe or hook in ``value`` that would execute something."""
    if isinstance(value, dict):
        for key, item in value.items():
            below = f"{path}.{shown(key)}"
            if key == "exec" and isinstance(item, dict):
                return below
            if (found := _command(item, below)) is not None:
                return found
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if (found := _command(item, f"{path}[{index}]")) is not None:
                return found
    return None
