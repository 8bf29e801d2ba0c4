"""A stack in which every field of the settings is set."""

from __future__ import annotations

from typing import Any

from shimyard.settings.security.syscalls import NEEDED
from tests.fuzz.workloads import (
    APPS,
    CLASSES,
    EDGE_AI,
    HANDLER,
    HYBRID_APPS,
    NAMESPACES,
    PROFILE,
    SERVERLESS,
)
from tests.program.kubernetes.examples import (
    CDN_FUNCTIONS,
    CERT_MANAGER,
    MODELS,
    PLUGIN_HOSTS,
    SIGNED_IMAGES,
)
from tests.program.kubernetes.gateways import IOT_GATEWAYS
from tests.program.kubernetes.spin import SPIN_APPS, SPIN_KUBE

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOQLiHBIeqX29mAsOQ1K0wezrcg2ujZwqpq1QQ68ypEA"


def signed_behind_an_air_gap(signed: dict[str, Any]) -> dict[str, Any]:
    """Without those whom only the public Sigstore vouches for, and somebody's namespaces."""
    policies = [
        {
            **policy,
            "authorities": [
                each
                for each in policy["authorities"]
                if "keyless" not in each or "trustRoot" in each["keyless"]
            ],
        }
        for policy in signed["policies"]
    ]
    others = {"namespace": "old", "reason": "somebody else's"}
    return {**signed, "policies": policies, "exempt": [*signed["exempt"], others]}


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
            "labels": {"lab.example/site": "a", "edge.example.com/npu": "yes"},
            "taints": ["lab.example/camera=yes:NoSchedule", "slow:PreferNoSchedule"],
            "internalIp": "172.16.0.1",
            "ssh": {"user": "root"},
        },
        {"name": "edge-2", "address": "10.0.0.2"},
        {"name": "edge-3", "address": "10.0.0.3"},
        {"name": "edge-4", "address": "10.0.0.4"},
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
        "cni": {"confDir": "/etc/cni/net.d", "binDirs": ["/opt/cni/bin", "/usr/lib/cni"]},
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
                "wasiNn": ["onnx", "openvino"],
                "canaryImage": "registry.lab/canary:1",
            },
            {"name": "spin", "version": "0.24.0", "canaryImage": "registry.lab/spin-canary:1"},
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
    "cluster": {
        "version": "1.36.3+k3s1",
        "agentVersion": "1.35.2+k3s1",
        "servers": ["edge-1", "edge-2", "edge-3"],
        "agents": ["edge-4"],
        "datastore": "etcd",
        "endpoint": "api.lab",
        "tlsSans": ["api.lab.example"],
        "clusterCidr": "10.52.0.0/16",
        "serviceCidr": "10.53.0.0/16",
        "flannelBackend": "host-gw",
        "disable": ["traefik"],
        "containerd": "external",
        "images": [{"name": "site-images", "version": "2.1.0"}],
        "kubeletArgs": {"max-pods": "250", "pod-max-pids": "512"},
        "serverConfig": {"etcd-snapshot-retention": 5},
        "agentConfig": {"node-label": ["lab.example/till=yes"]},
        "snapshotBeforeUpgrade": True,
        "tokenGeneration": "1",
        "rollout": {
            "maxUnavailable": 2,
            "readyTimeout": 600,
            "drain": {
                "timeout": 600,
                "gracePeriod": 30,
                "deleteEmptyDirData": True,
                "force": False,
            },
        },
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
        *MODELS,
        {
            "path": "/opt/edge/filter.cwasm",
            "source": "build/filter.cwasm",
            "precompiledFor": {"engine": "wasmtime", "version": "45.0.1"},
        },
    ],
    "runtimeClasses": CLASSES,
    "namespaces": NAMESPACES,
    "apps": APPS,
    "hybridApps": HYBRID_APPS,
    "security": {
        "profiles": [
            PROFILE,
            {"name": "narrow", "syscalls": {"allow": sorted(NEEDED)}},
        ],
        "falco": {
            "path": "/etc/falco/rules.d/wasm.yaml",
            "memory": "64Mi",
            "networks": ["10.0.0.0/8", "2001:db8::/32"],
            "shellImages": ["registry.lab/shop/camera"],
        },
        "signedImages": signed_behind_an_air_gap(SIGNED_IMAGES),
    },
    "platform": {
        "serverless": SERVERLESS,
        "pluginHosts": PLUGIN_HOSTS,
        "iotGateways": [{**each, "handler": HANDLER} for each in IOT_GATEWAYS],
        "edgeAi": EDGE_AI,
        "cdnFunctions": [
            {**each, "function": {**each["function"], "handler": HANDLER}} for each in CDN_FUNCTIONS
        ],
        "certManager": CERT_MANAGER,
        "spinKube": {
            **SPIN_KUBE,
            "crds": {
                "install": True,
                "file": "vendor/spin-operator.crds.yaml",
                "sha256": "ab" * 32,
            },
        },
        "spinApps": SPIN_APPS,
    },
}
