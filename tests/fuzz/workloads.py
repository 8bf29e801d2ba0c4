"""Workloads in which every field is set, for the stack that is broken at random."""

from __future__ import annotations

from typing import Any

from tests.program.kubernetes import examples

HANDLER = "wasm"
"""The handler of the shim that the broken stack has."""

CLASSES: dict[str, Any] = {
    **examples.CLASSES,
    "handlers": {HANDLER: examples.CLASSES["handlers"]["wasmtime"]},
}
NAMESPACES: list[dict[str, Any]] = [
    examples.NAMESPACE,
    {"name": "old", "existing": True},
]
APPS: list[dict[str, Any]] = [
    {**examples.APP, "handler": HANDLER},
    {
        "name": "second",
        "handler": HANDLER,
        "artifact": "registry.lab/second:1",
        "replicas": 2,
        "disruptionBudget": {"maxUnavailable": 1},
        "probes": {"readiness": {"grpc": {"port": 8080}}},
        "resources": {"requests": {"memory": "4Mi"}},
    },
    {
        "name": "third",
        "handler": HANDLER,
        "image": "registry.lab/third:1",
        "autoscaling": {"maxReplicas": 3, "cpuAverage": "50m", "memoryUtilization": 90},
        "resources": {"requests": {"memory": "4Mi"}},
        "service": {"type": "None"},
    },
]
HYBRID_APPS: list[dict[str, Any]] = [
    {**examples.HYBRID, "handler": HANDLER},
    {**examples.HYBRID, "name": "two", "handler": HANDLER, "volume": {"emptyDir": {}}},
    {
        **examples.HYBRID,
        "name": "three",
        "handler": HANDLER,
        "volume": {"persistentVolumeClaim": {"claimName": "logs"}},
    },
]
EDGE_AI: list[dict[str, Any]] = [
    {**each, "handler": HANDLER, "command": ["/defects.wasm"]} for each in examples.EDGE_AI
]
PROFILE: dict[str, Any] = {**examples.PROFILE, "threads": 512}
SERVERLESS: dict[str, Any] = {
    "handler": HANDLER,
    "domain": "fn.example.com",
    "ingressClass": "site",
    "ingressAnnotations": {"example.com/limit": "100"},
    "tlsIssuer": "site-ca",
    "tenants": [
        {
            "name": "acme",
            "quota": {"pods": "40"},
            "functions": [
                {
                    "name": "resize",
                    "artifact": f"registry.lab/resize:1{examples.DIGEST}",
                    "profile": "images",
                    "autoscaling": {"minReplicas": 2, "maxReplicas": 30},
                    "routes": [{"host": "img.example.com", "path": "/v1", "pathType": "Exact"}],
                }
            ],
        }
    ],
}
