"""A DaemonSet of a Wasm app that runs models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.manifests.metadata import selector, without_empty
from components.manifests.pods import pod_template
from shimyard.settings import RuntimeClassesSettings
from shimyard.settings.capabilities import PROVEN, capability_label
from shimyard.settings.platform import DaemonStrategySettings, EdgeAiSettings
from shimyard.settings.workloads import PodsSettings

MODEL_DOMAIN = "model.shimyard.dev"


def placed(
    edge_ai: EdgeAiSettings, classes: RuntimeClassesSettings, digests: Mapping[str, str]
) -> EdgeAiSettings:
    """``edge_ai`` with its models, and with what its RuntimeClass says of nodes.

    A RuntimeClass's own scheduling is merged into a pod when the pod is made, but a DaemonSet
    decides before that where there is to be one: it would wait for pods on nodes without the
    handler. Source: Kubernetes' pkg/controller/daemon, NodeShouldRunDaemonPod.

    ``digests``: model -> SHA-256. In an annotation of the pods, so that another model makes new
    ones.
    """
    scheduling = classes.settings_of(edge_ai.handler)
    proven = {capability_label(edge_ai.handler): PROVEN}
    models = {f"{MODEL_DOMAIN}/{name}": digest for name, digest in digests.items()}
    return edge_ai.mounted().model_copy(
        update={
            "node_selector": {**scheduling.node_selector, **edge_ai.node_selector, **proven},
            "tolerations": [*scheduling.tolerations, *edge_ai.tolerations],
            "pod_annotations": {**edge_ai.pod_annotations, **models},
        }
    )


def with_devices(edge_ai: EdgeAiSettings, container: dict[str, Any]) -> dict[str, Any]:
    """``container`` with the resources of device plugins, of which limits are requests, too."""
    if not edge_ai.devices:
        return container
    resources = container.get("resources", {})
    devices = {name: str(count) for name, count in edge_ai.devices.items()}
    limits = {**resources.get("limits", {}), **devices}
    return {**container, "resources": {**resources, "limits": limits}}


def daemon_set_spec(
    app: PodsSettings, spec: dict[str, Any], strategy: DaemonStrategySettings
) -> dict[str, Any]:
    """The DaemonSet's spec."""
    update: dict[str, Any] = {"type": strategy.type}
    if strategy.type == "RollingUpdate":
        unavailable = strategy.max_unavailable
        update["rollingUpdate"] = {"maxUnavailable": 1 if unavailable is None else unavailable}
    return {
        "selector": {"matchLabels": selector(app)},
        "updateStrategy": update,
        **without_empty({"minReadySeconds": strategy.min_ready_seconds or None}),
        "revisionHistoryLimit": strategy.revision_history_limit,
        "template": pod_template(app, spec),
    }
