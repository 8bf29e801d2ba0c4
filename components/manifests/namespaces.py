"""What a namespace for workloads has beside itself."""

from __future__ import annotations

import base64
import json
from typing import Any

from components.manifests.metadata import MANAGED_BY, without_empty
from shimyard.settings.workloads import NamespaceSettings, NetworkPolicySettings
from shimyard.settings.workloads.namespaces import (
    ALLOW_DNS,
    ALLOW_SAME,
    ALLOW_SOLVERS,
    DENY,
    LimitsSettings,
    PodSecuritySettings,
)

_POD_SECURITY = "pod-security.kubernetes.io"


def namespace_labels(settings: NamespaceSettings) -> dict[str, str]:
    """The namespace's labels, with those that Pod Security admission reads."""
    security = settings.pod_security or PodSecuritySettings()
    levels = {
        f"{_POD_SECURITY}/{mode}{suffix}": value
        for mode, level in (("enforce", security.enforce), ("warn", security.warn))
        for suffix, value in (("", level), ("-version", security.version))
    }
    return {**settings.labels, **MANAGED_BY, **levels}


def limit_range_spec(limits: LimitsSettings) -> dict[str, Any]:
    """The spec of a LimitRange for containers."""
    fields = limits.model_dump(by_alias=True, exclude_none=True)
    return {"limits": [without_empty({"type": "Container", **fields})]}


def network_policies(
    policy: NetworkPolicySettings, *, solvers: bool = False
) -> dict[str, dict[str, Any]]:
    """Name -> spec of the NetworkPolicies of a closed namespace.

    ``solvers``: let anybody reach the pods by which cert-manager answers an ACME CA over HTTP.
    Source: https://cert-manager.io/docs/configuration/acme/http01/.
    """
    types = [
        kind
        for kind, denied in (("Ingress", policy.deny_ingress), ("Egress", policy.deny_egress))
        if denied
    ]
    if not types:
        return {}
    everything: dict[str, Any] = {}
    found: dict[str, dict[str, Any]] = {DENY: {"podSelector": everything, "policyTypes": types}}
    if policy.allow_same_namespace:
        peers = [{"podSelector": everything}]
        found[ALLOW_SAME] = {
            "podSelector": everything,
            "policyTypes": types,
            **({"ingress": [{"from": peers}]} if "Ingress" in types else {}),
            **({"egress": [{"to": peers}]} if "Egress" in types else {}),
        }
    if policy.deny_egress and policy.allow_dns:
        found[ALLOW_DNS] = {
            "podSelector": everything,
            "policyTypes": ["Egress"],
            # Any address: a node-local cache is no pod that a selector could name.
            "egress": [
                {"ports": [{"port": 53, "protocol": kind} for kind in ("UDP", "TCP")]},
            ],
        }
    if solvers and policy.deny_ingress:
        found[ALLOW_SOLVERS] = {
            "podSelector": {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"port": 8089, "protocol": "TCP"}]}],
        }
    return found


def docker_config(logins: list[tuple[str, str, str]]) -> str:
    """Content of `.dockerconfigjson`, base64, of (registry, user name, password)."""
    auths = {
        _docker_host(host): {
            "username": username,
            "password": password,
            "auth": base64.b64encode(f"{username}:{password}".encode()).decode(),
        }
        for host, username, password in logins
    }
    return base64.b64encode(json.dumps({"auths": auths}).encode()).decode()


def _docker_host(host: str) -> str:
    # Docker Hub's credentials stand under the address of its first version, as Docker writes them.
    return "https://index.docker.io/v1/" if host == "docker.io" else host
