"""Builds the lab's Wasm programs into single files, ready to be packaged as images."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
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
GREETER = CargoWorkspace(
    FOLDER / "greeter", packages=(FOLDER / "greeter/src", FOLDER / "greeter/wit")
)
GREETER_TARGET = "wasm32-wasip2"
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

    - ``greeter``: a WASI 0.2 component, serves HTTP on port 8080, also exports
      ``shimyard:greeter/greetings``.
    - ``fileproc``: a WASI 0.1 module, summarises ``/data/in`` into ``/data/out`` and ends.

    Errors: ``BuildError`` if a compiler is missing, ``CommandError`` with its last lines if it
    fails.
    """
    return [
        _workload("greeter", "component", GREETER.inputs, _build_greeter, progress),
        _workload("fileproc", "module", (go_version(), FILEPROC), _build_fileproc, progress),
    ]


def _workload(
    name: str,
    kind: Kind,
    inputs: tuple[Input, ...],
    make: Callable[[Path], None],
    progress: Progress | None,
) -> Workload:
    key = digest(name, *inputs)
    folder = cached(f"workload-{name}", key, make, progress=progress)
    return Workload(name, folder / f"{name}.wasm", kind, entrypoint=f"/{name}.wasm")


def _build_greeter(out: Path) -> None:
    ensure_target(GREETER_TARGET)
    with intermediate_folder(out) as target:
        built = GREETER.build(["greeter"], target, target=GREETER_TARGET)
        shutil.copy2(built / "greeter.wasm", out)


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
