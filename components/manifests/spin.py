"""What SpinKube's operator is told, in its own kinds (core.spinkube.dev/v1alpha1)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from components.manifests.containers import mounts_of, resources_of, variable_of
from components.manifests.metadata import labels, without_empty
from components.manifests.scaling import autoscaler_spec
from components.manifests.volumes import volume
from shimyard.settings.platform import (
    SpinAppSettings,
    SpinCheckSettings,
    SpinExecutorSettings,
    SpinScalingSettings,
)

GROUP_VERSION: Final = "core.spinkube.dev/v1alpha1"
CRDS: Final = Path(__file__).parent / "crds"
"""Upstream's structural schemas, each with the commit at which it was read."""
PORT: Final = 80
"""Of an application's Service, which names it not. Source: spin-operator, `service.go`."""
PORT_NAME: Final = "http-app"
"""Of the port of its pods."""

# What `kubectl get` shows, as the CRDs of upstream's releases have it.
_COLUMNS = {
    "SpinApp": [
        {"name": "Ready", "type": "integer", "jsonPath": ".status.readyReplicas"},
        {"name": "Desired", "type": "integer", "jsonPath": ".spec.replicas"},
        {"name": "Executor", "type": "string", "jsonPath": ".spec.executor"},
    ]
}


def crd(kind: str) -> dict[str, Any]:
    """The CustomResourceDefinition of 'SpinApp' or 'SpinAppExecutor'."""
    known = json.loads((CRDS / f"{kind}.v1alpha1.json").read_text())
    plural = f"{kind.lower()}s"
    version = without_empty(
        {
            "name": known["version"],
            "served": True,
            "storage": True,
            "subresources": {"status": {}},
            "additionalPrinterColumns": _COLUMNS.get(kind),
            "schema": {"openAPIV3Schema": known["schema"]},
        }
    )
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{known['group']}"},
        "spec": {
            "group": known["group"],
            "scope": known["scope"],
            "names": names,
            "versions": [version],
        },
    }


def executor_spec(executor: SpinExecutorSettings, runtime_class: Any) -> dict[str, Any]:
    """The spec of a SpinAppExecutor whose pods are of ``runtime_class``."""
    otel = executor.otel
    return {
        "createDeployment": True,
        "deploymentConfig": without_empty(
            {
                "runtimeClassName": runtime_class,
                "caCertSecret": executor.ca_cert_secret,
                "installDefaultCACerts": executor.install_default_ca_certs or None,
                # Spelt with underscores there, unlike every other field.
                "otel": None if otel is None else otel.model_dump(exclude_none=True),
            }
        ),
    }


def spin_app_spec(
    app: SpinAppSettings,
    executor: str,
    *,
    secret: Any = None,
    runtime_config: Any = None,
    service_account: Any = None,
    pull_secrets: Sequence[Any] = (),
) -> dict[str, Any]:
    """The spec of a SpinApp.

    ``secret``: name of the Secret with the secret variables; ``runtime_config``: of the one with
    the runtime configuration. Both, ``service_account`` and ``pull_secrets`` may be Pulumi outputs.
    """
    scaled = app.autoscaling is not None
    return without_empty(
        {
            "image": app.image,
            "executor": executor,
            # Together with autoscaling, the operator refuses any number.
            "replicas": None if scaled else app.fewest_pods,
            "enableAutoscaling": scaled or None,
            "variables": [variable_of(app.name, each, secret) for each in app.variables],
            "runtimeConfig": without_empty({"loadFromSecret": runtime_config}),
            "resources": resources_of(app.resources),
            "volumes": [volume(each) for each in app.volumes],
            "volumeMounts": mounts_of(app.volumes),
            "checks": without_empty(
                {
                    "readiness": _check(app.checks.readiness),
                    "liveness": _check(app.checks.liveness),
                }
            ),
            "components": list(app.components),
            "invocationLimits": dict(app.invocation_limits),
            "serviceAccountName": app.service_account_name or service_account,
            "imagePullSecrets": [
                {"name": name} for name in [*pull_secrets, *app.image_pull_secrets]
            ],
            "deploymentAnnotations": dict(app.annotations),
            "serviceAnnotations": dict(app.service_annotations),
            "podAnnotations": dict(app.pod_annotations),
            "podLabels": {**app.pod_labels, **labels(app)},
        }
    )


def scaled_object_spec(app: SpinAppSettings, scaling: SpinScalingSettings) -> dict[str, Any]:
    """The spec of KEDA's ScaledObject (keda.sh/v1alpha1).

    Source: https://keda.sh/docs/latest/reference/scaledobject-spec/ and .../scalers/cpu/.
    """
    hpa = autoscaler_spec(app, scaling)
    triggers = [
        {
            "type": metric["resource"]["name"],
            "metricType": metric["resource"]["target"]["type"],
            "metadata": {"value": _amount(metric["resource"]["target"])},
        }
        for metric in hpa["metrics"]
    ]
    behavior = hpa.get("behavior")
    return without_empty(
        {
            "scaleTargetRef": hpa["scaleTargetRef"],
            "minReplicaCount": hpa["minReplicas"],
            "maxReplicaCount": hpa["maxReplicas"],
            "triggers": [*triggers, *scaling.triggers],
            "advanced": behavior and {"horizontalPodAutoscalerConfig": {"behavior": behavior}},
        }
    )


def _amount(target: dict[str, Any]) -> str:
    return str(target.get("averageUtilization") or target["averageValue"])


def _check(check: SpinCheckSettings | None) -> dict[str, Any] | None:
    if check is None:
        return None
    # Written out: the CRD has defaults of its own, of which one is another.
    fields = check.model_dump(by_alias=True, exclude={"http_get"})
    get = check.http_get.model_dump(by_alias=True, exclude_defaults=True)
    return {**fields, "httpGet": get}
