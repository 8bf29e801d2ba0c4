"""What a Wasm component imports, and which engine of a shim has it.

Source of the config that names it: https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WASI = re.compile(r"wasi:([a-z-]+)/[a-z0-9-]+@([0-9]{1,9})\.([0-9]{1,9})\.[0-9]{1,9}")

Track = tuple[int, int]
"""Major and minor version of WASI. Within one, an engine takes any patch for another.

Wasmtime looks an import up by its track: `wasmtime-environ`, component/names.rs, `NameMap`. So a
component of WASI 0.2.6 starts on an engine of 0.2.3; it fails only if it uses what came since.
"""

# Where the newest track is known. Both crates' shims add WASI 0.2 to their linker and no 0.3:
# runwasi's containerd-shim-wasmtime 0.6 (Wasmtime 27, which has none), and lab/shims/wasmtime,
# of which lab/nn has the sources.
_SERVED: Sequence[tuple[str, re.Pattern[str], Track]] = (
    ("wasmtime", re.compile(r"0\.[0-6]\.\d+"), (0, 2)),
    ("wasmtime", re.compile(r"1\.0\.1-(lab|nn)\.\d+"), (0, 2)),
)
_NO_HTTP: Mapping[str, str] = {"wasmedge": "WasmEdge", "wasmer": "Wasmer", "wamr": "WAMR"}
"""Shims that serve no wasi:http: of runwasi's crates, only containerd-shim-wasmtime has one."""


@dataclass(frozen=True)
class World:
    """``imports`` and ``exports`` of a component: 'wasi:http/types@0.2.3'."""

    imports: tuple[str, ...]
    exports: tuple[str, ...]


def world(config: str) -> World | None:
    """From the base64 of an image's Wasm config; None if it names no component."""
    try:
        document = json.loads(base64.b64decode(config, validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None
    component = document.get("component") if isinstance(document, dict) else None
    if not isinstance(component, dict):
        return None
    return World(_names(component.get("imports")), _names(component.get("exports")))


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, list) else ()


def unserved(found: World, shim: str, version: str) -> str | None:
    """Why this version of a shim can't run a component of that world; None if nothing is known.

    A world that nothing is known against is not proven to run: an engine may lack more than this
    table says.
    """
    wanted = [*found.imports, *found.exports]
    named = [(name, match) for name in wanted if (match := _WASI.fullmatch(name)) is not None]
    if shim in _NO_HTTP:
        http = next((name for name, match in named if match[1] == "http"), None)
        return None if http is None else f"it has {http}, and {_NO_HTTP[shim]} serves no wasi:http"
    for known, pattern, track in _SERVED:
        if known != shim or not pattern.fullmatch(version):
            continue
        for name, match in named:
            if (int(match[2]), int(match[3])) > track:
                newest = ".".join(str(part) for part in track)
                return f"it has {name}, and the engine of {shim} {version} ends at WASI {newest}"
    return None
