"""How many pods: autoscaler and disruption budget."""

from __future__ import annotations

from typing import Any

from components.manifests.metadata import selector, without_empty
from shimyard.settings.workloads import AppSettings, AutoscalingSettings


def autoscaler_spec(app: AppSettings, autoscaling: AutoscalingSettings) -> dict[str, Any]:
    """The spec of a HorizontalPodAutoscaler (autoscaling/v2)."""
    behavior = autoscaling.behavior
    return without_empty(
        {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": app.name},
            "minReplicas": autoscaling.min_replicas,
            "maxReplicas": autoscaling.max_replicas,
            "metrics": _metrics(autoscaling),
            "behavior": behavior and behavior.model_dump(by_alias=True, exclude_defaults=True),
        }
    )


def budget_spec(app: AppSettings) -> dict[str, Any]:
    """The spec of a PodDisruptionBudget."""
    budget = app.disruption_budget
    most: int | str | None = budget.max_unavailable
    if most is None and budget.min_available is None:
        most = 1
    amounts = {"minAvailable": budget.min_available, "maxUnavailable": most}
    return {
        "selector": {"matchLabels": selector(app)},
        "unhealthyPodEvictionPolicy": budget.unhealthy_pod_eviction_policy,
        **{field: amount for field, amount in amounts.items() if amount is not None},
    }


def _metrics(autoscaling: AutoscalingSettings) -> list[dict[str, Any]]:
    targets: list[tuple[str, int | None, str | None]] = [
        ("cpu", autoscaling.cpu_utilization, autoscaling.cpu_average),
        ("memory", autoscaling.memory_utilization, autoscaling.memory_average),
    ]
    if all(utilization is None and amount is None for _, utilization, amount in targets):
        targets = [("cpu", autoscaling.DEFAULT_UTILIZATION, None)]
    metrics = []
    for name, utilization, amount in targets:
        if utilization is not None:
            target: dict[str, Any] = {"type": "Utilization", "averageUtilization": utilization}
        elif amount is not None:
            target = {"type": "AverageValue", "averageValue": amount}
        else:
            continue
        metrics.append({"type": "Resource", "resource": {"name": name, "target": target}})
    return metrics
