"""Shimyard's components: compose them in a Pulumi program of your own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from components.cluster_node import ClusterNode
from components.cluster_tokens import ClusterTokens
from components.container_runtime import ContainerRuntime
from components.edge_node import EdgeNode
from components.fleet import Fleet
from components.k3s_agent import K3sAgent
from components.k3s_server import K3sServer
from components.node_files import NodeFile, NodeFiles

if TYPE_CHECKING:
    from components.k3s_cluster import K3sCluster
    from components.platform import (
        CDNFunction,
        CertManager,
        EdgeAI,
        IoTGateway,
        Platform,
        PluginHost,
        ServerlessPlatform,
        SpinApp,
        SpinKube,
        WasmFunction,
    )
    from components.security import CapabilityProfile, Security, SignedImages
    from components.workloads import (
        HybridApp,
        RuntimeClasses,
        WasmApp,
        WasmNamespace,
        Workloads,
    )

# They need the SDK of Kubernetes, which takes longer to import than all that a program without a
# cluster does.
_IN_A_CLUSTER = {
    "CDNFunction": "components.platform",
    "CapabilityProfile": "components.security",
    "EdgeAI": "components.platform",
    "CertManager": "components.platform",
    "HybridApp": "components.workloads",
    "IoTGateway": "components.platform",
    "K3sCluster": "components.k3s_cluster",
    "Platform": "components.platform",
    "PluginHost": "components.platform",
    "RuntimeClasses": "components.workloads",
    "Security": "components.security",
    "ServerlessPlatform": "components.platform",
    "SignedImages": "components.security",
    "SpinApp": "components.platform",
    "SpinKube": "components.platform",
    "WasmApp": "components.workloads",
    "WasmFunction": "components.platform",
    "WasmNamespace": "components.workloads",
    "Workloads": "components.workloads",
}

__all__ = [
    "CDNFunction",
    "CapabilityProfile",
    "CertManager",
    "ClusterNode",
    "ClusterTokens",
    "ContainerRuntime",
    "EdgeAI",
    "EdgeNode",
    "Fleet",
    "HybridApp",
    "IoTGateway",
    "K3sAgent",
    "K3sCluster",
    "K3sServer",
    "NodeFile",
    "NodeFiles",
    "Platform",
    "PluginHost",
    "RuntimeClasses",
    "Security",
    "ServerlessPlatform",
    "SignedImages",
    "SpinApp",
    "SpinKube",
    "WasmApp",
    "WasmFunction",
    "WasmNamespace",
    "Workloads",
]


def __getattr__(name: str) -> Any:
    module = _IN_A_CLUSTER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(module), name)
