"""Makes Wasm programs fit to be shipped: what wasm-opt can do, for modules and for components."""

from shimyard.packaging.shrink import ShrinkError, shrink
from shimyard.packaging.wasm_opt import WasmOpt

__all__ = ["ShrinkError", "WasmOpt", "shrink"]
