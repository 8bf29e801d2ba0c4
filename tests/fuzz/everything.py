"""A stack in which every field of the settings is set."""

from __future__ import annotations

from typing import Any

from tests.fuzz.workloads import APPS, CLASSES, HYBRID_APPS, NAMESPACES

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOQLiHBIeqX29mAsOQ1K0wezrcg2ujZwqpq1QQ68ypEA"

_LOGIN: dict[str, Any] = {
    "port": 22,
    "user": "edge",
    "identityFile": "keys/edge",
    "passphrase": "hush",
    "agent": False,
    "hostKey": KEY,
    "knownHostsFile": "keys/known_hosts",
}

EVERYTHING: dict[str, Any] = {
    "ssh": {
        **_LOGIN,
        "sudo": True,
        "connectTimeout": 20,
        "bastion": {**_LOGIN, "address": "gate.lab"},
    },
    "nodes": [
        {
            "name": "edge-1",
            "address": "10.0.0.1",
            "arch": "amd64",
            "zone": "hall",
            "labels": {"lab.example/site": "a"},
            "ssh": {"user": "root"},
        },
        {"name": "edge-2", "address": "10.0.0.2"},
    ],
    "runtime": {
        "containerd": {
            "version": "2.2.1",
            "systemdCgroup": True,
            "oomScoreAdjust": -999,
            "options": {"debug": {"level": "info"}},
        },
        "runc": {"version": "1.3.4"},
        "cniPlugins": {"version": "1.8.0"},
        "sandboxImage": "registry.lab/pause:3.10",
        "registries": [
            {
                "host": "registry.lab",
                "upstream": True,
                "mirrors": [
                    {
                        "url": "https://mirror.lab:5000/hub",
                        "capabilities": ["pull", "resolve"],
                        "caFile": "/etc/edge/ca.pem",
                        "skipVerify": True,
                        "username": "puller",
                        "password": "hush",
                    }
                ],
            }
        ],
        "shims": [
            {
                "name": "wasmtime",
                "version": "0.6.1",
                "handler": "wasm",
                "options": {"Fuel": 5},
                "canaryImage": "registry.lab/canary:1",
            }
        ],
        "engines": [
            {"name": "wasmtime", "version": "45.0.1", "config": {"cache": {"enabled": True}}},
            {"name": "wasmedge", "version": "0.17.1", "plugins": ["wasi-nn"]},
        ],
    },
    "artifacts": {
        "lockFiles": ["artifacts.lock.json"],
        "mirrors": ["https://mirror.lab/artifacts"],
        "bundle": "bundle",
        "airGap": True,
    },
    "files": [
        {
            "path": "/etc/edge/site.json",
            "content": "{}",
            "mode": "0644",
            "owner": "root",
            "group": "root",
            "nodes": ["edge-1"],
        },
        {"path": "/etc/edge/key", "secretContent": "hush"},
        {"path": "/opt/models", "source": "models"},
    ],
    "runtimeClasses": CLASSES,
    "namespaces": NAMESPACES,
    "apps": APPS,
    "hybridApps": HYBRID_APPS,
}
