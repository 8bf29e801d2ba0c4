"""The host of plugins, a static program, and the hostile plugin, a component."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.builds.cargo import CargoWorkspace
from lab.builds.recipe import Arch
from lab.workloads.native_recipe import static_program
from lab.workloads.recipe import COMPONENT_TARGET, build_components
from toolchain.cache import cached, digest
from toolchain.progress import Progress

FOLDER: Final = Path(__file__).parent
PROGRAM: Final = "plugin-host"
_HOST: Final = CargoWorkspace(FOLDER, packages=(FOLDER / "host",))
_HOSTILE: Final = CargoWorkspace(FOLDER, packages=(FOLDER / "hostile",))


def plugin_host(arch: Arch, progress: Progress | None = None) -> Path:
    """The program for nodes of ``arch``, which must be this machine's or have a linker here.

    Its first build takes some minutes: Wasmtime. Errors: ``BuildError`` without Rust;
    ``CommandError`` with cargo's words.
    """
    return static_program(_HOST, PROGRAM, PROGRAM, arch=arch, entry=PROGRAM, progress=progress)


def hostile_plugin(progress: Progress | None = None) -> Path:
    """A component: each path is one attack, and any other one an answer. Errors: likewise."""

    def make(out: Path) -> None:
        build_components(_HOSTILE, ["hostile"], out)

    key = digest("hostile", COMPONENT_TARGET, *_HOSTILE.inputs)
    return cached("plugin-hostile", key, make, progress=progress) / "hostile.wasm"
