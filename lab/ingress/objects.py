"""What the stand-in for an ingress controller is inside of a cluster."""

from __future__ import annotations

from typing import Any, Final

NAMESPACE: Final = "kube-system"
CLASS: Final = "traefik"
"""The class that K3s' own controller has; it is the cluster's default."""

_NAME: Final = "ingress"


def objects(image: str, node: str) -> list[dict[str, Any]]:
    """All that it needs to answer on port 80 of ``node``. ``image``: as the nodes know it."""
    meta = {"name": _NAME, "namespace": NAMESPACE}
    reads = [
        {"apiGroups": [group], "resources": kinds, "verbs": ["get", "list", "watch"]}
        for group, kinds in (
            ("networking.k8s.io", ["ingresses", "ingressclasses"]),
            ("", ["services"]),
        )
    ]
    writes = {
        "apiGroups": ["networking.k8s.io"],
        "resources": ["ingresses/status"],
        "verbs": ["update"],
    }
    container = {
        "name": _NAME,
        "image": image,
        "args": [":80", CLASS],
        "env": [{"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}],
        "ports": [{"containerPort": 80, "hostPort": 80}],
        "readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 1},
    }
    pod = {
        "serviceAccountName": _NAME,
        "hostNetwork": True,
        "nodeName": node,
        "containers": [container],
    }
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": _NAME},
            "rules": [*reads, writes],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": _NAME},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _NAME,
            },
            "subjects": [{"kind": "ServiceAccount", **meta}],
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {
                "name": CLASS,
                "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
            },
            "spec": {"controller": "shimyard.dev/lab-ingress"},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**meta, "labels": {"app": _NAME}},
            "spec": pod,
        },
    ]  # fmt: skip
