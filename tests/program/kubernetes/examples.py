"""Stacks for the components: the least that works, and one that sets every field."""

from __future__ import annotations

from typing import Any

from tests.program.kubernetes.gateways import IOT_GATEWAYS, LEAST_GATEWAY
from tests.program.kubernetes.spin import LEAST_SPIN, SPIN_APPS, SPIN_KUBE
from tests.unit.settings.security.signed import BY_KEY, BY_WORKFLOW, PRIVATE, PUBLIC_KEY
from tests.unit.settings.security.signed import CHART as CONTROLLER_CHART

MODELS: list[dict[str, Any]] = [
    {"path": "/opt/models/defects.onnx", "source": "models/defects.onnx", "sha256": "a1" * 32},
    {"path": "/opt/models/labels.onnx", "source": "models/labels.onnx", "sha256": "b2" * 32},
]

MACHINES: dict[str, Any] = {
    "ssh": {"user": "edge", "agent": True},
    "nodes": [
        {
            "name": "edge-1",
            "address": "10.0.0.1",
            "labels": {"edge.example.com/npu": "yes"},
        }
    ],
    "runtime": {
        "containerd": {"version": "2.2.1"},
        "runc": {"version": "1.3.4"},
        "shims": [
            {"name": "wasmtime", "version": "0.6.1", "wasiNn": ["onnx"]},
            {"name": "wasmedge", "version": "0.6.0", "handler": "edge"},
            {"name": "spin", "version": "0.18.0", "canaryImage": "registry.lab/canary:1"},
        ],
    },
    "cluster": {"version": "1.36.3+k3s1", "servers": ["edge-1"]},
    "files": MODELS,
}

DIGEST = "@sha256:" + "ab" * 32

# Plugins are mounted from images, which nobody verifies.
_EXEMPT = [
    {"namespace": "shop", "reason": "plugins"},
    {"namespace": "default", "reason": "in every cluster, so nobody's to label"},
]

CHART: dict[str, Any] = {"version": "v1.21.2", "digest": f"sha256:{'cd' * 32}"}

LEAST: dict[str, Any] = {
    **MACHINES,
    "security": {
        "profiles": [{"name": "sealed"}],
        "signedImages": {
            "chart": CONTROLLER_CHART,
            "policies": [{"name": "all", "images": ["registry.lab/**"], "authorities": [BY_KEY]}],
            "exempt": _EXEMPT,
        },
    },
    "namespaces": [{"name": "shop"}],
    "apps": [
        {
            "name": "greeter",
            "namespace": "shop",
            "handler": "wasmtime",
            "image": "registry.lab/greeter:1",
        }
    ],
    "hybridApps": [
        {
            "name": "camera",
            "namespace": "shop",
            "handler": "wasmtime",
            "proxy": {"image": "registry.lab/proxy:1"},
            "app": {
                "image": "registry.lab/camera:1",
                "ports": [{"name": "api", "containerPort": 9000}],
            },
        }
    ],
    "platform": {
        "certManager": {
            "chart": CHART,
            "issuers": [{"name": "own", "selfSigned": {}}],
            "certificates": [
                {"name": "till", "namespace": "shop", "issuer": "own", "dnsNames": ["till.lab"]}
            ],
        },
        "serverless": {
            "handler": "wasmtime",
            "domain": "fn.example.com",
            "tenants": [
                {
                    "name": "acme",
                    "functions": [{"name": "resize", "artifact": f"registry.lab/resize{DIGEST}"}],
                }
            ],
        },
        "pluginHosts": [
            {
                "name": "plugins",
                "namespace": "shop",
                "image": "registry.lab/plugin-host:1",
                "plugins": [{"name": "acme", "image": "registry.lab/acme-rules:1"}],
            }
        ],
        "iotGateways": [LEAST_GATEWAY],
        "edgeAi": [
            {
                "name": "defects",
                "handler": "wasmtime",
                "artifact": "registry.lab/defects:1",
                "nodeSelector": {"edge.example.com/npu": "yes"},
                "models": [{"name": "defects", "path": "/opt/models/defects.onnx"}],
            }
        ],
        "cdnFunctions": [
            {
                "name": "front",
                "namespace": "shop",
                "origin": "http://origin.example.com",
                "function": {"handler": "wasmtime", "image": "registry.lab/front:1"},
                "cache": {"image": "registry.lab/nginx:1", "rules": [{"path": "/"}]},
            }
        ],
        **LEAST_SPIN,
    },
}

CLASSES: dict[str, Any] = {
    "prefix": "edge-",
    "runc": True,
    "handlers": {
        "wasmtime": {
            "name": "wasm",
            "overhead": {"cpu": "20m", "memory": "32Mi"},
            "nodeSelector": {"edge.example.com/site": "hall"},
            "tolerations": [{"key": "edge.example.com/wasm", "operator": "Exists"}],
            "labels": {"team": "platform"},
        },
        "spin": {"overhead": {"cpu": None, "memory": None}},
    },
}

# 'privileged', since the app below has a volume that is a path of the node.
NAMESPACE: dict[str, Any] = {
    "name": "shop",
    "labels": {"team": "shop"},
    "annotations": {"example.com/owner": "Shop team, phone 17"},
    "podSecurity": {"enforce": "privileged", "warn": "restricted", "version": "v1.34"},
    "quota": {"requests.memory": "2Gi", "requests.cpu": 4, "pods": "200"},
    "limits": {
        "defaultRequest": {"cpu": "10m", "memory": "2Mi"},
        "default": {"memory": "64Mi"},
        "min": {"memory": "1Mi"},
        "max": {"cpu": 2, "memory": "1Gi"},
    },
    "networkPolicy": {
        "denyIngress": True,
        "denyEgress": True,
        "allowSameNamespace": True,
        "allowDns": True,
    },
    "registries": [
        {"host": "registry.lab:5000", "username": "puller", "password": "hush-registry"},
        {"host": "docker.io", "username": "hub", "password": "hush-hub"},
    ],
}

_CONTAINER: dict[str, Any] = {
    "imagePullPolicy": "IfNotPresent",
    "args": ["serve", "--verbose"],
    "workingDir": "/data",
    "env": [
        {"name": "LOG", "value": "debug"},
        {"name": "snake_case_NAME", "value": "kept as it is"},
        {"name": "TOKEN", "secretValue": "hush-token"},
        {"name": "KEY", "secretKeyRef": {"name": "keys", "key": "api_key", "optional": True}},
        {"name": "SITE", "configMapKeyRef": {"name": "site", "key": "name"}},
        {"name": "POD", "fieldRef": {"fieldPath": "metadata.name"}},
    ],
    "envFrom": [
        {"prefix": "SHOP_", "configMapRef": {"name": "shop"}},
        {"secretRef": {"name": "more", "optional": True}},
    ],
}

_PODS: dict[str, Any] = {
    "namespace": "shop",
    "labels": {"team": "shop"},
    "annotations": {"example.com/docs": "https://example.com/a b"},
    "podLabels": {"tier": "front"},
    "podAnnotations": {"example.com/scrape": "true"},
    "autoscaling": {
        "minReplicas": 2,
        "maxReplicas": 50,
        "cpuUtilization": 250,
        "memoryAverage": "48Mi",
        "behavior": {
            "scaleUp": {
                "selectPolicy": "Max",
                "policies": [{"type": "Pods", "value": 10, "periodSeconds": 15}],
            },
            "scaleDown": {
                "stabilizationWindowSeconds": 120,
                "policies": [{"type": "Percent", "value": 50, "periodSeconds": 30}],
            },
        },
    },
    "disruptionBudget": {
        "enabled": True,
        "minAvailable": "50%",
        "unhealthyPodEvictionPolicy": "IfHealthyBudget",
    },
    "spread": {"zones": "DoNotSchedule", "nodes": "ScheduleAnyway", "maxSkew": 2},
    "strategy": {
        "type": "RollingUpdate",
        "maxUnavailable": "25%",
        "maxSurge": 2,
        "minReadySeconds": 3,
        "progressDeadlineSeconds": 120,
        "revisionHistoryLimit": 3,
    },
    "preStopSleepSeconds": 8,
    "terminationGracePeriodSeconds": 20,
    "nodeSelector": {"edge.example.com/site": "hall"},
    "tolerations": [
        {"key": "edge", "operator": "Equal", "value": "cell", "effect": "NoSchedule"},
        {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60},
    ],
    "priorityClassName": "shop-front",
    "serviceAccountName": "front",
    "imagePullSecrets": ["more-registries"],
    "allowHostPath": True,
    "podSecurityContext": {"runAsUser": 1000, "fsGroup": None},
    "podOverride": {
        "dnsPolicy": "ClusterFirst",
        "containers": [{"name": "greeter", "tty": True}],
        "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["till.example.com"]}],
    },
}

APP: dict[str, Any] = {
    **_PODS,
    **_CONTAINER,
    "name": "greeter",
    "handler": "wasmtime",
    "image": "registry.lab/greeter@sha256:" + "ab" * 32,
    "command": ["/greeter.wasm"],
    "volumes": [
        {
            "name": "config",
            "mountPath": "/etc/greeter",
            "configMap": {
                "name": "greeter",
                "items": [{"key": "app.toml", "path": "conf/app.toml"}],
                "defaultMode": "0440",
                "optional": True,
            },
        },
        {"name": "keys", "mountPath": "/keys", "secret": {"name": "keys"}},
        {
            "name": "data",
            "mountPath": "/data",
            "subPath": "greeter",
            "readOnly": True,
            "persistentVolumeClaim": {"claimName": "data"},
        },
        {
            "name": "cache",
            "mountPath": "/cache",
            "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"},
        },
        {
            "name": "models",
            "mountPath": "/models",
            "readOnly": True,
            "hostPath": {"path": "/opt/models", "type": "Directory"},
        },
    ],
    "securityContext": {
        "capabilities": {"add": ["NET_BIND_SERVICE"]},
        "readOnlyRootFilesystem": None,
    },
    "ports": [
        {"name": "http", "containerPort": 8080},
        {"name": "beacon", "containerPort": 5353, "protocol": "UDP"},
    ],
    "probes": {
        "readiness": {
            "httpGet": {
                "path": "/ready",
                "port": 8080,
                "scheme": "HTTP",
                "httpHeaders": [{"name": "Host", "value": "greeter"}],
            },
            "periodSeconds": 3,
            "timeoutSeconds": 2,
            "successThreshold": 2,
            "failureThreshold": 4,
        },
        "liveness": {"tcpSocket": {"port": "http"}, "initialDelaySeconds": 5},
        "startup": {"grpc": {"service": "greeter"}, "periodSeconds": 1},
    },
    "resources": {
        "requests": {"cpu": 0.25, "memory": "8Mi", "ephemeralStorage": "10Mi"},
        "limits": {"cpu": "1", "memory": "64Mi"},
    },
    "service": {
        "type": "LoadBalancer",
        "ports": [
            {"name": "http", "port": 80, "nodePort": 30080, "appProtocol": "http"},
            {"name": "beacon", "port": 53, "targetPort": 5353, "protocol": "UDP"},
        ],
        "labels": {"public": "yes"},
        "annotations": {"example.com/dns": "greeter.example.com"},
        "externalTrafficPolicy": "Local",
        "internalTrafficPolicy": "Cluster",
        "trafficDistribution": "PreferClose",
        "sessionAffinity": "ClientIP",
        "loadBalancerClass": "io.example.com/lb",
        "loadBalancerSourceRanges": ["10.0.0.0/8"],
        "ipFamilyPolicy": "PreferDualStack",
        "publishNotReadyAddresses": True,
    },
}

HYBRID: dict[str, Any] = {
    "name": "camera",
    "namespace": "shop",
    "handler": "edge",
    "proxy": {
        "artifact": "registry.lab/proxy:1",
        "ports": [{"name": "http", "containerPort": 8081}],
        "upstreamEnv": "CAMERA",
        "env": [{"name": "TOKEN", "secretValue": "hush-token"}],
    },
    "app": {
        "image": "registry.lab/camera:1",
        "command": ["/usr/bin/camera"],
        "args": ["--token=$(TOKEN)"],
        "ports": [{"name": "api", "containerPort": 9000}],
        "probes": {"readiness": {"httpGet": {"path": "/health"}}},
        "env": [{"name": "TOKEN", "secretValue": "hush-token-too"}],
        "securityContext": {"readOnlyRootFilesystem": True},
        "volumes": [{"name": "scratch", "mountPath": "/tmp", "emptyDir": {}}],
        "resources": {"requests": {"memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    },
    "sidecar": {"image": "registry.lab/logs:1", "args": ["follow", "/logs/camera.log"]},
    "volume": {
        "mountPath": "/logs",
        "env": "LOGS",
        "claim": {"size": "1Gi", "storageClassName": "local-path", "accessMode": "ReadWriteOnce"},
    },
    "service": {"type": "NodePort", "ports": [{"name": "http", "port": 80}]},
    "preStopSleepSeconds": 3,
}

PLUGIN_HOSTS: list[dict[str, Any]] = [
    {
        "name": "plugins",
        "namespace": "shop",
        "image": "registry.lab/plugin-host:1",
        "replicas": 2,
        "podAnnotations": {"shop.example/owner": "platform"},
        "service": {"type": "NodePort"},
        "resources": {
            "requests": {"cpu": "100m", "memory": "96Mi"},
            "limits": {"cpu": "2", "memory": "1Gi"},
        },
        "plugins": [
            {
                "name": "acme",
                "image": "registry.lab/acme-rules:1",
                "path": "/rules/main.wasm",
                "fuel": 5_000_000,
                "memory": "48Mi",
                "tableElements": 500,
                "timeoutMilliseconds": 250,
                "concurrency": 8,
                "environment": {"MODE": "strict"},
                "hosts": ["stock.shop.svc:8080"],
            },
            {"name": "beta", "image": "registry.lab/beta-rules:1"},
        ],
    }
]

_DEPLOYED = ("autoscaling", "disruptionBudget", "spread", "strategy")
EDGE_AI: list[dict[str, Any]] = [
    {
        **{field: value for field, value in _PODS.items() if field not in _DEPLOYED},
        **_CONTAINER,
        "name": "defects",
        "handler": "wasmtime",
        "artifact": "registry.lab/defects:1",
        "nodeSelector": {"edge.example.com/npu": "yes"},
        "podOverride": {"dnsPolicy": "ClusterFirst"},
        "models": [
            {
                "name": "defects",
                "path": "/opt/models/defects.onnx",
                "mountPath": "/opt/defects/model.onnx",
                "encoding": "onnx",
            },
            {"name": "labels", "path": "/opt/models/labels.onnx"},
        ],
        "devices": {"gpu.intel.com/i915": 1},
        "volumes": [{"name": "scratch", "mountPath": "/tmp", "emptyDir": {}}],
        "updateStrategy": {
            "type": "RollingUpdate",
            "maxUnavailable": "25%",
            "minReadySeconds": 3,
            "revisionHistoryLimit": 2,
        },
        "probes": {"liveness": {"httpGet": {"path": "/"}, "periodSeconds": 30}},
        "resources": {"requests": {"memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "service": {"internalTrafficPolicy": "Local"},
    }
]

CDN_FUNCTIONS: list[dict[str, Any]] = [
    {
        "name": "front",
        "namespace": "shop",
        "replicas": 2,
        "podAnnotations": {"shop.example/owner": "web"},
        "service": {"type": "LoadBalancer", "ports": [{"name": "http", "port": 80}]},
        "origin": "https://origin.shop.svc:8443/shop",
        "function": {
            "name": "rewrite",
            "handler": "wasmtime",
            "artifact": "registry.lab/rewrite:1",
            "originEnv": "ORIGIN",
            "env": [{"name": "REGION", "value": "north"}],
            "autoscaling": {"minReplicas": 2, "maxReplicas": 8},
        },
        "cache": {
            "image": "registry.lab/nginx:1",
            "size": "1Gi",
            "keepSeconds": 3600,
            "timeoutSeconds": 5,
            "requestSize": "64Ki",
            "resources": {"requests": {"memory": "32Mi"}, "limits": {"memory": "256Mi"}},
            "rules": [
                {
                    "path": "/images/",
                    "lifetimes": [
                        {"statuses": [200, 301], "seconds": 86400},
                        {"statuses": [404], "seconds": 10},
                    ],
                    "respectOrigin": False,
                    "key": {"query": "none"},
                    "bypass": {"headers": []},
                    "staleWhileRevalidate": False,
                },
                {
                    "path": "/search",
                    "lifetimes": [],
                    "key": {"query": ["q", "page"], "headers": ["Accept-Language"]},
                    "bypass": {"headers": ["Authorization", "X-Preview"], "cookies": ["session"]},
                    "staleIfError": False,
                    "staleWhileRevalidate": False,
                },
            ],
        },
        "routes": [{"host": "www.example.com"}, {"host": "shop.example.com", "path": "/web"}],
        "ingressClass": "site",
        "ingressAnnotations": {"cert-manager.io/cluster-issuer": "site-ca"},
        "tlsSecret": "www-tls",
    }
]

SERVERLESS: dict[str, Any] = {
    "handler": "wasmtime",
    "domain": "fn.example.com",
    "ingressClass": "site",
    "ingressAnnotations": {"cert-manager.io/cluster-issuer": "site-ca"},
    "tlsSecret": "functions-tls",
    "tenants": [
        {
            "name": "acme",
            "labels": {"plan": "small"},
            "quota": {"pods": "40", "requests.memory": "1Gi"},
            "limits": None,
            "functions": [
                {
                    "name": "resize",
                    "handler": "edge",
                    "image": f"registry.lab/resize:1{DIGEST}",
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "autoscaling": {"minReplicas": 2, "maxReplicas": 30},
                    "profile": "images",
                    "volumes": [
                        {"name": "cache", "mountPath": "/cache", "emptyDir": {}},
                        {
                            "name": "models",
                            "mountPath": "/models",
                            "persistentVolumeClaim": {"claimName": "models"},
                        },
                    ],
                    "routes": [
                        {"path": "/v1", "pathType": "Exact"},
                        {"host": "img.example.com", "path": "/resize"},
                        {"host": "img.example.com", "path": "/crop"},
                    ],
                },
                {
                    "name": "nightly",
                    "profile": "images",
                    "artifact": f"registry.lab/nightly:1{DIGEST}",
                    "autoscaling": None,
                    "replicas": 1,
                    "routes": [],
                },
            ],
        },
        {"name": "beta", "networkPolicy": None},
    ],
}

PROFILE: dict[str, Any] = {
    "name": "images",
    "namespaces": ["acme"],
    "directories": [
        {"path": "/cache", "write": True},
        {"path": "/models", "hostPath": "/opt/models"},
    ],
    "hosts": [{"cidr": "192.0.2.0/24", "ports": [443, 8443]}, {"cidr": "2001:db8::/32"}],
    "dns": True,
    "syscalls": {"deny": ["execve", "execveat"]},
    "memory": "96Mi",
}

SIGNED_IMAGES: dict[str, Any] = {
    "chart": CONTROLLER_CHART,
    "values": {"commonNodeSelector": {"edge.example.com/site": "hall"}},
    "registryCa": PRIVATE["certificates"],
    "policies": [
        {
            "name": "registry",
            "images": ["registry.lab/**", "mirror.lab:5000/*@*"],
            "authorities": [
                BY_KEY,
                {"name": "vault", "key": {"kms": "hashivault://release"}},
                {"name": "old", "key": {"secret": "old-release"}},
                BY_WORKFLOW,
                {
                    "name": "ours",
                    "keyless": {
                        "issuerRegExp": "^https://sso[.]example[.]com/.*$",
                        "subject": "release@example.com",
                        "fulcio": PRIVATE["fulcio"],
                        "trustRoot": PRIVATE["name"],
                    },
                    "rekor": "https://rekor.example.com",
                    "signatures": {"repository": "signatures.lab/all", "pullSecrets": ["puller"]},
                },
                {
                    "name": "few",
                    "keyless": {
                        "issuer": "https://sso.example.com",
                        "subjectRegExp": "^.*@release[.]example[.]com$",
                        "trustRoot": "without-logs",
                    },
                    "format": "bundle",
                },
            ],
        },
        {
            "name": "resize",
            "images": ["registry.lab/resize@*"],
            "authorities": [{"name": "resize", "key": {"public": PUBLIC_KEY}}],
            "mode": "warn",
        },
    ],
    "unmatched": "warn",
    "exempt": _EXEMPT,
    "trustRoots": [
        PRIVATE,
        {
            **{key: PRIVATE[key] for key in ("fulcio", "organization", "commonName")},
            "name": "without-logs",
            "certificates": PRIVATE["certificates"],
        },
    ],
    "replicas": 3,
}

CERT_MANAGER: dict[str, Any] = {
    "chart": {**CHART, "reference": "oci://registry.lab:5000/charts/cert-manager"},
    "namespace": "certificates",
    "values": {"webhook": {"replicaCount": 2}, "enableCertificateOwnerRef": False},
    "keepCrds": True,
    "timeout": 120,
    "issuers": [
        {
            "name": "site-ca",
            "labels": {"team": "platform"},
            "ca": {"secretName": "site-root", "crlDistributionPoints": ["http://crl.lab/site"]},
        },
        {"name": "root", "selfSigned": {"crlDistributionPoints": ["http://crl.lab/root"]}},
        {
            "name": "public",
            "namespace": "shop",
            "acme": {
                "server": "https://acme.example.com/directory",
                "email": "ops@example.com",
                "accountSecret": "acme-account",
                "caBundle": "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
                "preferredChain": "Example Root X1",
                "externalAccount": {"keyId": "kid-1", "key": "aHVzaC1lYWI"},
                "solvers": [
                    {
                        "http01": {"ingressClass": "site", "serviceType": "NodePort"},
                        "dnsNames": ["shop.example.com"],
                    },
                    {
                        "dns01": {
                            "rfc2136": {
                                "nameserver": "192.0.2.53:53",
                                "tsigKeyName": "shop",
                                "tsigAlgorithm": "HMACSHA512",
                                "tsigSecretSecretRef": {"name": "tsig", "key": "secret"},
                            }
                        },
                        "dnsZones": ["example.com"],
                    },
                ],
                "secrets": {"tsig": {"secret": "hush-tsig"}},
            },
        },
    ],
    "certificates": [
        {
            "name": "site-root",
            "namespace": "certificates",
            "issuer": "root",
            "commonName": "Site root",
            "isCa": True,
            "duration": "87600h",
            "renewBefore": "720h",
            "privateKey": {
                "algorithm": "RSA",
                "size": 4096,
                "encoding": "PKCS8",
                "rotationPolicy": "Never",
            },
        },
        {
            "name": "till",
            "namespace": "shop",
            "labels": {"team": "shop"},
            "secretName": "till-tls",
            "issuer": "site-ca",
            "dnsNames": ["till.shop.lab"],
            "ipAddresses": ["10.0.0.7", "fd00::7"],
            "usages": ["server auth", "client auth"],
        },
        {
            "name": "front",
            "namespace": "shop",
            "issuer": "public",
            "dnsNames": ["*.example.com"],
            "wait": False,
        },
    ],
}

EVERYTHING: dict[str, Any] = {
    **MACHINES,
    "security": {"profiles": [PROFILE], "falco": {}, "signedImages": SIGNED_IMAGES},
    "runtimeClasses": CLASSES,
    "namespaces": [NAMESPACE],
    "apps": [APP],
    "hybridApps": [HYBRID],
    "platform": {
        "serverless": SERVERLESS,
        "pluginHosts": PLUGIN_HOSTS,
        "iotGateways": IOT_GATEWAYS,
        "edgeAi": EDGE_AI,
        "cdnFunctions": CDN_FUNCTIONS,
        "certManager": CERT_MANAGER,
        "spinKube": SPIN_KUBE,
        "spinApps": SPIN_APPS,
    },
}
