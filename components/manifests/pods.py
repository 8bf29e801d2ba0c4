"""The pods of an app and the Deployment that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.manifests.merge import merged
from components.manifests.metadata import labels, selector, without_empty
from shimyard.settings import ShimName
from shimyard.settings.workloads import PodsSettings, StrategySettings

NON_ROOT = 65532
"""The user 'nonroot' of many images. Wasm needs no particular one."""


def pod_spec(
    app: PodsSettings,
    containers: list[dict[str, Any]],
    *,
    shim: ShimName | None,
    runtime_class: Any,
    service_account: Any = None,
    pull_secrets: Sequence[Any] = (),
    sidecars: list[dict[str, Any]] | None = None,
    volumes: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The pods' spec, with the operator's own fields merged over it last.

    ``sidecars``: containers that start before the others and end after them. ``runtime_class``,
    ``service_account`` and ``pull_secrets`` (names) may be Pulumi outputs.
    """
    sleep = app.sleep_seconds(listens=any("ports" in container for container in containers))
    if sleep:
        hook = {"preStop": {"sleep": {"seconds": sleep}}}
        containers = [{**container, "lifecycle": hook} for container in containers]
    account = app.service_account_name or service_account
    spec = without_empty(
        {
            "runtimeClassName": runtime_class,
            "initContainers": [{**each, "restartPolicy": "Always"} for each in sidecars or []],
            "containers": containers,
            "volumes": volumes or [],
            "serviceAccountName": account,
            "automountServiceAccountToken": False,
            # Else every guest's environment holds the addresses of all Services around it.
            "enableServiceLinks": False,
            # Stated here too: a pod that names any gets none of its account's.
            "imagePullSecrets": [
                {"name": name} for name in [*pull_secrets, *app.image_pull_secrets]
            ],
            "nodeSelector": dict(app.node_selector),
            "tolerations": [
                each.model_dump(by_alias=True, exclude_none=True) for each in app.tolerations
            ],
            "topologySpreadConstraints": _spread(app),
            "priorityClassName": app.priority_class_name,
            "terminationGracePeriodSeconds": app.termination_grace_period_seconds,
            "securityContext": merged(_security(shim), app.pod_security_context),
        }
    )
    return merged(spec, app.pod_override)


def deployment_spec(
    app: PodsSettings,
    spec: dict[str, Any],
    *,
    strategy: StrategySettings | None = None,
) -> dict[str, Any]:
    """The Deployment's spec. ``strategy``: what counts if the app states none.

    With an autoscaler, ``replicas`` is what it begins with; no update may set that back.
    """
    chosen = app.strategy or strategy or StrategySettings()
    fields = {
        "replicas": app.fewest_pods,
        "selector": {"matchLabels": selector(app)},
        "strategy": _strategy(chosen),
        "minReadySeconds": chosen.min_ready_seconds or None,
        "progressDeadlineSeconds": chosen.progress_deadline_seconds,
        "revisionHistoryLimit": chosen.revision_history_limit,
        "template": pod_template(app, spec),
    }
    return {key: value for key, value in fields.items() if value is not None}


def pod_template(app: PodsSettings, spec: dict[str, Any]) -> dict[str, Any]:
    """What each pod is made from, whatever makes it."""
    metadata = {
        "labels": {**app.pod_labels, **labels(app)},
        "annotations": dict(app.pod_annotations),
    }
    return {"metadata": without_empty(metadata), "spec": spec}


def _strategy(strategy: StrategySettings) -> dict[str, Any]:
    if strategy.type == "Recreate":
        return {"type": "Recreate"}
    unavailable, surge = strategy.max_unavailable, strategy.max_surge
    rolling = {
        "maxUnavailable": 0 if unavailable is None else unavailable,
        "maxSurge": 1 if surge is None else surge,
    }
    return {"type": "RollingUpdate", "rollingUpdate": rolling}


def _security(shim: ShimName | None) -> dict[str, Any]:
    profile = {"seccompProfile": {"type": "RuntimeDefault"}}
    if shim == "spin":
        return profile
    return {
        **profile,
        "runAsNonRoot": True,
        "runAsUser": NON_ROOT,
        "runAsGroup": NON_ROOT,
        "fsGroup": NON_ROOT,
        "fsGroupChangePolicy": "OnRootMismatch",
    }


def _spread(app: PodsSettings) -> list[dict[str, Any]]:
    rules = [
        ("topology.kubernetes.io/zone", app.spread.zones),
        ("kubernetes.io/hostname", app.spread.nodes),
    ]
    return [
        {
            "topologyKey": key,
            "maxSkew": app.spread.max_skew,
            "whenUnsatisfiable": what,
            "labelSelector": {"matchLabels": selector(app)},
            # Each version by itself: pods of the old one must not push the new one together.
            "matchLabelKeys": ["pod-template-hash"],
            # A cordoned node, or one with a taint that keeps the pods away, is no place to count.
            "nodeTaintsPolicy": "Honor",
        }
        for key, what in rules
        if what != "None"
    ]
