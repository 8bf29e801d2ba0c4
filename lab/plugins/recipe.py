"""The host of plugins, a static program, and the hostile plugin, a component."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from lab.builds.cargo import CargoWorkspace, ensure_target, intermediate_folder
from lab.builds.recipe import Arch
from lab.workloads.native_recipe import TRIPLES
from lab.workloads.recipe import COMPONENT_TARGET
from toolchain.cache import cached, digest
from toolchain.progress import Progress

FOLDER: Final = Path(__file__).parent
PROGRAM: Final = "plugin-host"
_HOST: Final = CargoWorkspace(FOLDER, packages=(FOLDER / "host",))
_HOSTILE: Final = CargoWorkspace(FOLDER, packages=(FOLDER / "hostile",))
# With libc inside, its image needs no other file.
_STATIC: Final = {"RUSTFLAGS": "-C target-feature=+crt-static"}


def plugin_host(arch: Arch, progress: Progress | None = None) -> Path:
    """The program for nodes of ``arch``, which must be this machine's or have a linker here.

    Its first build takes some minutes: Wasmtime. Errors: ``BuildError`` without Rust;
    ``CommandError`` with cargo's words.
    """
    triple = TRIPLES[arch]

    def make(out: Path) -> None:
        with intermediate_folder(out) as target:
            built = _HOST.build([PROGRAM], target, target=triple, env=_STATIC)
            shutil.copy2(built / PROGRAM, out)

    key = digest(PROGRAM, triple, *_STATIC.values(), *_HOST.inputs)
    return cached(f"{PROGRAM}-{arch}", key, make, progress=progress) / PROGRAM


def hostile_plugin(progress: Progress | None = None) -> Path:
    """A component: each path is one attack, and any other one an answer. Errors: likewise."""

    def make(out: Path) -> None:
        ensure_target(COMPONENT_TARGET)
        with intermediate_folder(out) as target:
            built = _HOSTILE.build(["hostile"], target, target=COMPONENT_TARGET)
            shutil.copy2(built / "hostile.wasm", out)

    key = digest("hostile", COMPONENT_TARGET, *_HOSTILE.inputs)
    return cached("plugin-hostile", key, make, progress=progress) / "hostile.wasm"
