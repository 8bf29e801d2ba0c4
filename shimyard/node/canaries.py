"""Which container proves which handler."""

from __future__ import annotations

from shimyard.node.canary import (
    MESSAGE,
    NATIVE_IMAGE,
    WASM_IMAGE,
    native_canary,
    wasm_canary,
)
from shimyard.node.desired import Canary
from shimyard.node.paths import BIN
from shimyard.settings import Arch, ShimSettings
from shimyard.settings.shims import RUNC, runtime_type, shim_binary


def runc_canary(arch: Arch, depends_on: frozenset[str]) -> Canary:
    """A program of the machine's own kind, by the runtime of ordinary containers."""
    return Canary(
        "runc", RUNC, NATIVE_IMAGE, f"linux/{arch}", native_canary(arch), MESSAGE, depends_on
    )


def shim_canary(shim: ShimSettings, program: str | None) -> Canary:
    """A WASI module by a shim. ``program``: its path, None where containerd looks on its PATH."""
    own = shim.canary_image
    return Canary(
        shim.handler,
        program or runtime_type(shim.name),
        own or WASM_IMAGE,
        "wasi/wasm",
        None if own else wasm_canary(),
        None if own else MESSAGE,
        frozenset({program or f"{BIN}/{shim_binary(shim.name)}"}),
    )
