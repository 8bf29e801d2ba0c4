"""The bridge, a static program, and the filter, a component."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.builds.cargo import CargoWorkspace
from lab.builds.go import GoProgram
from lab.builds.recipe import Arch
from lab.workloads.recipe import COMPONENT_TARGET, build_components
from toolchain.cache import cached, digest
from toolchain.progress import Progress

BRIDGE: Final = Path(__file__).parent / "bridge"
FILTER: Final = Path(__file__).parent / "filter"
PROGRAM: Final = "bridge"
COMPONENT: Final = "sensor_filter"
_CRATE: Final = CargoWorkspace(FILTER, packages=(FILTER / "src",))


def bridge(arch: Arch, progress: Progress | None = None) -> Path:
    """The program for nodes of ``arch``, which takes the path of its settings.

    Errors: ``BuildError`` without Go; ``CommandError`` with its words.
    """
    return GoProgram(BRIDGE).built(PROGRAM, arch, entry="gateway-bridge", progress=progress)


def sensor_filter(progress: Progress | None = None) -> Path:
    """A component that drops and rounds readings by the rules in ``FILTER_RULES``.

    Errors: ``BuildError`` without Rust; ``CommandError`` with cargo's words.
    """

    def make(out: Path) -> None:
        build_components(_CRATE, [COMPONENT], out)

    key = digest(COMPONENT, COMPONENT_TARGET, *_CRATE.inputs)
    return cached("gateway-filter", key, make, progress=progress) / f"{COMPONENT}.wasm"
