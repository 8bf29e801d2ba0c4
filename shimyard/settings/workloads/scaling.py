"""How many pods there are, and how many at least while something changes."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shimyard.settings.base import FieldError, Model
from shimyard.settings.kubernetes import Count, PodCount
from shimyard.settings.quantity import CpuQuantity, MemoryQuantity

Utilization = Annotated[int, Field(ge=1, le=100_000)]


class ScalingPolicySettings(Model):
    """How far the number of pods may move in a period."""

    type: Literal["Pods", "Percent"] = Field(description="What `value` counts.")
    value: Annotated[int, Field(ge=1, le=100_000)] = Field(
        description="Pods, or percent of the pods that there are."
    )
    period_seconds: Annotated[int, Field(ge=1, le=1800)] = Field(
        description="Seconds that the policy looks back."
    )


class ScalingRulesSettings(Model):
    """How fast one direction goes."""

    stabilization_window_seconds: Annotated[int, Field(ge=0, le=3600)] | None = Field(
        default=None,
        description="Seconds of which the most careful answer counts. Default: 0 up, 300 down.",
    )
    select_policy: Literal["Max", "Min", "Disabled"] | None = Field(
        default=None, description="Which policy counts; Disabled: this direction is off."
    )
    policies: list[ScalingPolicySettings] = Field(
        default_factory=list, description="Default: Kubernetes' own."
    )


class BehaviorSettings(Model):
    """How fast the number of pods changes."""

    scale_up: ScalingRulesSettings | None = Field(default=None, description="Towards more pods.")
    scale_down: ScalingRulesSettings | None = Field(default=None, description="Towards fewer pods.")


def cpu_target(default: int) -> Any:
    """The field `cpuUtilization` of a kind of workload with this ``default``, in percent."""
    return Field(
        default=None,
        description=f"Percent of the requested processors. Default: {default}, if nothing else is "
        "set.",
    )


class AutoscalingSettings(Model):
    """A HorizontalPodAutoscaler (autoscaling/v2). Needs metrics-server in the cluster.

    The utilizations are percentages of what the containers request, and may be more than 100.
    """

    DEFAULT_UTILIZATION: ClassVar[int] = 80

    min_replicas: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1, description="Fewest pods."
    )
    max_replicas: Annotated[int, Field(ge=1, le=100_000)] = Field(description="Most pods.")
    cpu_utilization: Utilization | None = cpu_target(DEFAULT_UTILIZATION)
    cpu_average: CpuQuantity | None = Field(
        default=None, description="Processors a pod, as an amount: '50m'."
    )
    memory_utilization: Utilization | None = Field(
        default=None, description="Percent of the requested memory; set that one too."
    )
    memory_average: MemoryQuantity | None = Field(
        default=None, description="Memory a pod, as an amount: '48Mi'."
    )
    behavior: BehaviorSettings | None = Field(
        default=None, description="How fast it changes. Default: Kubernetes' own."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise FieldError(
                "minReplicas",
                f"{self.min_replicas} is more than maxReplicas ({self.max_replicas}); "
                "raise that, or lower this",
            )
        if self.cpu_utilization is not None and self.cpu_average is not None:
            raise FieldError("cpuAverage", "has cpuUtilization beside it; keep one")
        if self.memory_utilization is not None and self.memory_average is not None:
            raise FieldError("memoryAverage", "has memoryUtilization beside it; keep one")
        return self


class DisruptionBudgetSettings(Model):
    """A PodDisruptionBudget: how many pods a drain may take at a time."""

    enabled: bool | None = Field(
        default=None, description="Default: true if there are at least two pods, else false."
    )
    min_available: PodCount | None = Field(
        default=None, description="Pods that must stay: a number, or a percentage in quotes."
    )
    max_unavailable: PodCount | None = Field(
        default=None,
        description="Pods that may be gone: a number, or a percentage in quotes. Default: 1, if "
        "minAvailable is not set.",
    )
    unhealthy_pod_eviction_policy: Literal["AlwaysAllow", "IfHealthyBudget"] = Field(
        default="AlwaysAllow",
        description="AlwaysAllow: a pod that is broken anyway never holds up a drain.",
    )

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if self.min_available is not None and self.max_unavailable is not None:
            raise FieldError("maxUnavailable", "has minAvailable beside it; keep one")
        if self.max_unavailable in (0, "0%") or self.min_available == "100%":
            field = "maxUnavailable" if self.min_available is None else "minAvailable"
            raise FieldError(
                field, "would stop every drain, and with it every upgrade of a node; allow one pod"
            )
        return self


class StrategySettings(Model):
    """How a new version replaces the old one."""

    type: Literal["RollingUpdate", "Recreate"] = Field(
        default="RollingUpdate", description="Recreate: first end all old pods, with a gap."
    )
    max_unavailable: PodCount | None = Field(
        default=None, description="Pods that may be missing meanwhile. Default: 0."
    )
    max_surge: PodCount | None = Field(
        default=None, description="Pods that there may be more meanwhile. Default: 1."
    )
    min_ready_seconds: Count = Field(
        default=0, description="Seconds that a pod must stay ready to count as available."
    )
    progress_deadline_seconds: Annotated[int, Field(ge=1, le=86_400)] = Field(
        default=600, description="Seconds without progress after which the rollout has failed."
    )
    revision_history_limit: Count = Field(
        default=10, description="Old versions to keep for a rollback."
    )

    @model_validator(mode="after")
    def _can_move(self) -> Self:
        if self.type == "Recreate":
            for name in ("max_unavailable", "max_surge"):
                if getattr(self, name) is not None:
                    alias = StrategySettings.model_fields[name].alias
                    raise FieldError(f"{alias}", "belongs to type RollingUpdate; remove it")
        if self.max_unavailable in (None, 0, "0%") and self.max_surge in (0, "0%"):
            raise FieldError(
                "maxSurge", "leaves no way to move together with maxUnavailable 0; raise one"
            )
        if self.progress_deadline_seconds <= self.min_ready_seconds:
            raise FieldError(
                "progressDeadlineSeconds",
                f"must be more than minReadySeconds ({self.min_ready_seconds}); raise it",
            )
        return self
