"""Everything that runs inside the cluster."""

from components.workloads.hybrid_app import HybridApp
from components.workloads.runtime_classes import RuntimeClasses
from components.workloads.wasm_app import WasmApp
from components.workloads.wasm_namespace import WasmNamespace
from components.workloads.workloads import Workloads

__all__ = ["HybridApp", "RuntimeClasses", "WasmApp", "WasmNamespace", "Workloads"]
