"""Shimyard's components: compose them in a Pulumi program of your own."""

from components.container_runtime import ContainerRuntime
from components.edge_node import EdgeNode
from components.fleet import Fleet
from components.node_files import NodeFile, NodeFiles
from components.workloads import (
    HybridApp,
    RuntimeClasses,
    WasmApp,
    WasmNamespace,
    Workloads,
)

__all__ = [
    "ContainerRuntime",
    "EdgeNode",
    "Fleet",
    "HybridApp",
    "NodeFile",
    "NodeFiles",
    "RuntimeClasses",
    "WasmApp",
    "WasmNamespace",
    "Workloads",
]
