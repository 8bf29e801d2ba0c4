"""SpinKube and its applications for the stacks of `examples`: the least, and every field."""

from __future__ import annotations

from typing import Any

CHART: dict[str, Any] = {
    "reference": "oci://registry.lab/charts/spin-operator",
    "version": "0.6.1",
    "digest": "sha256:" + "ab" * 32,
}

LEAST_SPIN: dict[str, Any] = {
    "spinKube": {"chart": CHART, "certManager": "external"},
    "spinApps": [{"name": "hello", "image": "registry.lab/hello:1"}],
}

SPIN_KUBE: dict[str, Any] = {
    "chart": CHART,
    "namespace": "spin-system",
    "values": {"controllerManager": {"replicas": 2}},
    "timeout": 120,
    "crds": {"install": False},
    "certManager": "stack",
    "executors": [
        {
            "name": "shim",
            "handler": "spin",
            "caCertSecret": "spin-ca",
            "installDefaultCaCerts": True,
            "otel": {
                "exporterOtlpEndpoint": "http://otel.svc:4318",
                "exporterOtlpTracesEndpoint": "http://tempo.svc:4318",
                "exporterOtlpMetricsEndpoint": "http://mimir.svc:4318",
                "exporterOtlpLogsEndpoint": "http://loki.svc:4318",
            },
        },
        {"name": "unused"},
    ],
}

SPIN_APPS: list[dict[str, Any]] = [
    {
        "name": "prices",
        "namespace": "shop",
        "image": "registry.lab/prices@sha256:" + "cd" * 32,
        "executor": "shim",
        "labels": {"team": "shop"},
        "annotations": {"example.com/docs": "https://example.com/prices"},
        "podLabels": {"tier": "back"},
        "podAnnotations": {"example.com/scrape": "true"},
        "autoscaling": {
            "minReplicas": 3,
            "cpuUtilization": 60,
            "memoryAverage": "48Mi",
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}},
        },
        "disruptionBudget": {"minAvailable": 1},
        "imagePullSecrets": ["more-registries"],
        "allowHostPath": True,
        "variables": [
            {"name": "currency", "value": "EUR"},
            {"name": "api_token", "secretValue": "hush-token"},
            {"name": "api_key", "secretKeyRef": {"name": "keys", "key": "api"}},
            {"name": "site", "configMapKeyRef": {"name": "site", "key": "name"}},
            {"name": "pod", "fieldRef": {"fieldPath": "metadata.name"}},
        ],
        "runtimeConfig": {"text": '[key_value_store.default]\ntype = "redis"\nurl = "hush-url"\n'},
        "resources": {"requests": {"cpu": "50m"}, "limits": {"memory": "256Mi"}},
        "volumes": [
            {"name": "lists", "mountPath": "/lists", "configMap": {"name": "lists"}},
            {"name": "cache", "mountPath": "/cache", "subPath": "prices", "emptyDir": {}},
            {"name": "models", "mountPath": "/models", "hostPath": {"path": "/opt/models"}},
        ],
        "checks": {
            "readiness": {
                "httpGet": {
                    "path": "/ready",
                    "httpHeaders": [{"name": "Host", "value": "prices"}],
                },
                "successThreshold": 2,
            },
            "liveness": {
                "httpGet": {"path": "/.well-known/spin/health"},
                "initialDelaySeconds": 5,
                "periodSeconds": 30,
                "timeoutSeconds": 2,
                "failureThreshold": 5,
            },
        },
        "components": ["prices", "health"],
        "invocationLimits": {"memory": "64MB"},
        "serviceAccountName": "prices",
        "serviceAnnotations": {"example.com/dns": "prices"},
        "ingress": {
            "ingressClass": "site",
            "ingressAnnotations": {"example.com/limit": "100"},
            "tlsIssuer": "site-ca",
            "routes": [{"host": "prices.example.com", "path": "/v1", "pathType": "Exact"}],
        },
    },
    {
        "name": "orders",
        "namespace": "shop",
        "image": "registry.lab/orders:1",
        "runtimeConfig": {"secretName": "orders-runtime"},
        "autoscaling": {
            "by": "keda",
            "maxReplicas": 20,
            "triggers": [
                {"type": "cron", "metadata": {"timezone": "UTC", "start": "0 6 * * *"}},
            ],
        },
    },
]
