"""What containerd calls a shim: its runtime type, and the program that it derives from that."""

from __future__ import annotations

RUNC = "io.containerd.runc.v2"


def runtime_type(name: str) -> str:
    """containerd's runtime type of a Wasm shim."""
    return f"io.containerd.{name}.{_generation(name)}"


def shim_binary(name: str) -> str:
    """The file name of a Wasm shim, which containerd derives from the runtime type."""
    return f"containerd-shim-{name}-{_generation(name)}"


def _generation(name: str) -> str:
    return "v2" if name == "spin" else "v1"
