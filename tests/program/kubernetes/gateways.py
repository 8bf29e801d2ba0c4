"""Gateways for the examples: the least that works, and one that sets every field."""

from __future__ import annotations

from typing import Any

LEAST_GATEWAY: dict[str, Any] = {
    "name": "hall",
    "namespace": "shop",
    "handler": "wasmtime",
    "broker": {
        "image": "registry.lab/mosquitto:2",
        "users": [{"name": "dashboard", "password": "hush, dashboard"}],
    },
    "bridge": {"image": "registry.lab/bridge:1", "password": "hush, hall"},
    "filter": {"artifact": "registry.lab/filter:1"},
}

IOT_GATEWAYS: list[dict[str, Any]] = [
    {
        "name": "hall",
        "namespace": "default",
        "handler": "wasmtime",
        "hostNetwork": True,
        "podAnnotations": {"shop.example/owner": "plant"},
        "service": {"type": "NodePort"},
        "nodeSelector": {"edge.example.com/site": "hall"},
        "broker": {
            "image": "registry.lab/mosquitto:2",
            "port": 18883,
            "users": [
                {"name": "dashboard", "password": "hush, dashboard"},
                {
                    "name": "hall-sensors",
                    "password": "hush, hall",
                    "read": ["plant/commands/+", "#"],
                    "write": ["plant/raw/hall/#"],
                },
            ],
            "anonymous": True,
            "tls": {"secretName": "hall-tls"},
            "persistentVolumeClaim": {"claimName": "hall-data"},
            "storageLimit": "32Mi",
            "resources": {"limits": {"memory": "64Mi"}},
        },
        "bridge": {
            "image": "registry.lab/bridge:1",
            "user": "gateway",
            "password": "hush, hall",
            "rawTopic": "plant/raw",
            "filteredTopic": "plant/sensors",
            "retain": True,
            "queueLength": 5000,
            "statusPort": 18090,
            "resources": {"requests": {"memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        },
        "filter": {
            "image": "registry.lab/filter:1",
            "port": 18080,
            "timeoutMilliseconds": 500,
            "env": [
                {"name": "FILTER_RULES", "value": "{}"},
                {"name": "SITE_KEY", "secretValue": "hush"},
            ],
            "volumes": [{"name": "rules", "mountPath": "/rules", "configMap": {"name": "rules"}}],
        },
        "devices": [
            {
                "name": "boiler",
                "host": "127.0.0.1",
                "port": 1502,
                "unitId": 7,
                "pollIntervalMilliseconds": 500,
                "timeoutMilliseconds": 250,
                "wordOrder": "little",
                "registers": [
                    {
                        "name": "temperature",
                        "address": 100,
                        "table": "input",
                        "type": "float32",
                        "scale": 0.1,
                        "offset": -40,
                        "unit": "°C",
                    },
                    {"name": "running", "address": 3, "table": "coil"},
                ],
            },
            {
                "name": "meter",
                "host": "meter.plant.example",
                "registers": [{"name": "energy", "address": 0}],
            },
        ],
    }
]
