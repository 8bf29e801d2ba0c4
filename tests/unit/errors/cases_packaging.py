"""Programs that can't be shrunk, and tools that can't do it."""

from __future__ import annotations

from shimyard.packaging import WasmOpt, shrink
from tests.unit.errors.scene import Provocation, Scene

MODULE = b"\0asm\x01\0\0\0"
COMPONENT = b"\0asm\x0d\0\x01\0"


def _shrunk(wasm: bytes) -> Provocation:
    return lambda _scene: shrink(wasm, bytes)


def _tool(body: str) -> Provocation:
    """With a wasm-opt that does so."""

    def provoke(scene: Scene) -> object:
        path = scene.write("wasm-opt", f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return WasmOpt.find(str(path))(MODULE)

    return provoke


def _none(scene: Scene) -> object:
    return WasmOpt.find(f"{scene.folder}/wasm-opt")


CASES: dict[str, Provocation] = {
    "a file that is no program": _shrunk(b"\x7fELF\x02\x01\x01\xc8"),
    "a component that is cut off": _shrunk(COMPONENT + b"\x01\x20abc"),
    "a component with a size that never ends": _shrunk(COMPONENT + b"\x01" + b"\xff" * 9),
    "no wasm-opt": _none,
    "a wasm-opt that is another program": _tool("echo 'OptiPNG 1.0'"),
    "a wasm-opt that is too old": _tool("echo 'wasm-opt version 108'"),
    "a module with features that are too new": _tool(
        'if [ "$1" = --version ]; then echo "wasm-opt version 132"; exit; fi\n'
        "echo 'Fatal: error in validating input: gc is not enabled' >&2; exit 1"
    ),
}
