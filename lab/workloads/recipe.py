"""Builds the lab's Wasm programs into single files, ready to be packaged as images."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.builds.cargo import CargoWorkspace, ensure_target, intermediate_folder
from lab.builds.go import go_version
from lab.builds.recipe import Input
from lab.commands import run
from toolchain.cache import cached, digest
from toolchain.progress import Progress

Kind = Literal["component", "module"]

FOLDER = Path(__file__).parent
COMPONENTS = ("gate", "greeter", "log-tail")
CRATES = CargoWorkspace(FOLDER, packages=tuple(FOLDER / name for name in COMPONENTS))
"""The Rust workloads; the ordinary program among them is built by ``native_recipe``."""
COMPONENT_TARGET = "wasm32-wasip2"
FILEPROC = FOLDER / "fileproc"
FILEPROC_SECONDS = 600.0


@dataclass(frozen=True)
class Workload:
    """One Wasm program: its file, whether it is a component, and its path inside an image."""

    name: str
    path: Path
    kind: Kind
    entrypoint: str


def build(progress: Progress | None = None) -> list[Workload]:
    """Every workload, from the cache or built.

    - ``gate``: a WASI 0.2 component, an HTTP proxy on port 8080 before ``UPSTREAM_URL``.
    - ``greeter``: a WASI 0.2 component, serves HTTP on port 8080, also exports
      ``shimyard:greeter/greetings``.
    - ``log-tail``: a WASI 0.2 command, prints what is written to the file that it is given.
    - ``fileproc``: a WASI 0.1 module, summarises ``/data/in`` into ``/data/out`` and ends.

    Errors: ``BuildError`` if a compiler is missing, ``CommandError`` with its last lines if it
    fails.
    """
    components = _built("components", CRATES.inputs, _build_components, progress)
    module = _built("fileproc", (go_version(), FILEPROC), _build_fileproc, progress)
    return [
        *(_workload(name, "component", components) for name in COMPONENTS),
        _workload("fileproc", "module", module),
    ]


def _built(
    name: str,
    inputs: tuple[Input, ...],
    make: Callable[[Path], None],
    progress: Progress | None,
) -> Path:
    return cached(f"workload-{name}", digest(name, *inputs), make, progress=progress)


def _workload(name: str, kind: Kind, folder: Path) -> Workload:
    return Workload(name, folder / f"{name}.wasm", kind, entrypoint=f"/{name}.wasm")


def build_components(crates: CargoWorkspace, names: Sequence[str], out: Path) -> None:
    """Build packages into components ``<name>.wasm`` in ``out``. Errors: as ``build``."""
    ensure_target(COMPONENT_TARGET)
    with intermediate_folder(out) as target:
        built = crates.build(names, target, target=COMPONENT_TARGET)
        for name in names:
            shutil.copy2(built / f"{name}.wasm", out)


def _build_components(out: Path) -> None:
    build_components(CRATES, COMPONENTS, out)


def _build_fileproc(out: Path) -> None:
    flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="]
    target = {
        "GOOS": "wasip1",
        "GOARCH": "wasm",
        "CGO_ENABLED": "0",
        "GOFLAGS": "",
        "GOWORK": "off",
    }
    argv = ["go", "build", "-C", str(FILEPROC), *flags, "-o", str(out / "fileproc.wasm"), "."]
    run(argv, seconds=FILEPROC_SECONDS, env={**os.environ, **target})
