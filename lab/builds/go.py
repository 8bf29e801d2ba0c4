"""Builds programs of pinned Go modules, for any of the lab's architectures."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab.builds.errors import BuildError
from lab.builds.recipe import Arch, Input
from lab.commands import run
from toolchain.cache import cached, digest
from toolchain.progress import Progress

MODULES = Path(__file__).parent / "go"
BUILD_SECONDS = 1800.0


@cache
def go_version() -> str:
    """The Go toolchain's version, for example ``go1.26.8``."""
    return _go(MODULES, "env", "GOVERSION").strip()


@dataclass(frozen=True)
class GoModule:
    """A folder under ``lab/builds/go`` whose go.mod and go.sum pin one upstream module.

    Programs are built without cgo, or with ``cgo`` link libc and what ``tags`` ask for statically:
    either way one file, so that a node needs no library for it. ``stamps`` are the linker's
    ``package.variable=value``, by which a program knows its version.
    """

    folder: str
    module: str
    stamps: Sequence[str] = ()
    tags: Sequence[str] = ("netgo", "osusergo", "static_build")
    cgo: bool = False

    @property
    def path(self) -> Path:
        return MODULES / self.folder

    @property
    def version(self) -> str:
        """The pinned version of the upstream module, without its ``v``."""
        return _pinned(self.path / "go.mod", self.module)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What decides the programs: the toolchain, the pinned sources, the flags."""
        pins = (self.path / "go.mod", self.path / "go.sum")
        return (go_version(), *pins, *self._flags(), f"cgo={self.cgo}")

    @property
    def source(self) -> Path:
        """The folder with the pinned module's files. Errors: as ``build``."""
        told = _go(self.path, "mod", "download", "-json", self.module)
        return Path(json.loads(told)["Dir"])

    def build(self, package: str, out: Path, arch: Arch) -> None:
        """Build main package ``package`` (below the module; "" for its root) to file ``out``.

        Errors: ``CommandError`` with the last lines of Go's output; ``BuildError`` without Go.
        """
        target = f"{self.module}/{package}" if package else self.module
        _build(self.path, self._flags(), target, out, arch, cgo=self.cgo)

    def _flags(self) -> list[str]:
        return _flags(self.stamps, self.tags, cgo=self.cgo)


@dataclass(frozen=True)
class GoProgram:
    """A main package of the lab's own in ``folder``, without cgo.

    ``pins`` is the file there in the place of go.mod, with its sums beside it: several pin the
    same sources to several versions of what they import.
    """

    folder: Path
    pins: str = "go.mod"
    stamps: Sequence[str] = ()
    tags: Sequence[str] = ("netgo", "osusergo", "static_build")

    def version_of(self, module: str) -> str:
        """The pinned version of ``module``, without its ``v``. Errors: ``BuildError``."""
        return _pinned(self.folder / self.pins, module)

    def sources_of(self, module: str) -> Path:
        """The folder of the pinned sources of ``module``, downloaded if they are not there.

        Errors: ``CommandError`` with Go's words; ``BuildError`` without Go, or if it is not pinned.
        """
        wanted = f"{module}@v{self.version_of(module)}"
        told = _go(self.folder, "mod", "download", f"-modfile={self.pins}", "-json", wanted)
        return Path(json.loads(told)["Dir"])

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What decides the program: the toolchain, the pins, the sources without their tests."""
        pins = self.folder / self.pins
        sources = sorted(
            path
            for path in self.folder.rglob("*")
            if path.suffix in {".go", ".yaml"} and not path.name.endswith("_test.go")
        )
        names = "\n".join(str(path.relative_to(self.folder)) for path in sources)
        return (go_version(), pins, pins.with_suffix(".sum"), names, *sources, *self._flags())

    def build(self, out: Path, arch: Arch) -> None:
        """Build it to file ``out``. Errors as ``GoModule.build``."""
        _build(self.folder, [f"-modfile={self.pins}", *self._flags()], ".", out, arch)

    def test(self) -> None:
        """Run its packages' own tests on this machine, compiled as for the program.

        Errors: ``CommandError`` with what failed; ``BuildError`` without Go.
        """
        flags = [f"-modfile={self.pins}", *self._flags()]
        _go(self.folder, "test", *flags, "./...", env=_environment())

    def built(self, name: str, arch: Arch, *, entry: str, progress: Progress | None = None) -> Path:
        """The program for nodes of ``arch``, from the cache's ``entry`` or built.

        ``name``: of the file. Errors as ``GoModule.build``.
        """

        def make(out: Path) -> None:
            self.build(out / name, arch)

        key = digest(name, arch, *self.inputs)
        return cached(f"{entry}-{arch}", key, make, progress=progress) / name

    def _flags(self) -> list[str]:
        return _flags(self.stamps, self.tags)


def _pinned(pins: Path, module: str) -> str:
    found = re.search(
        rf"^\s*(?:require )?{re.escape(module)} v(\S+)", pins.read_text(), re.MULTILINE
    )
    if found is None:
        raise BuildError(
            f"{pins.name} of {pins.parent.name} pins no {module}",
            mend=f"run: go get {module}@VERSION in {pins.parent}",
        )
    return found[1]


def _flags(stamps: Sequence[str], tags: Sequence[str], *, cgo: bool = False) -> list[str]:
    link = ["-s", "-w", *(f"-X {stamp}" for stamp in stamps)]
    if cgo:
        link += ["-linkmode external", "-extldflags -static"]
    return [
        "-mod=readonly",
        "-buildvcs=false",
        "-trimpath",
        f"-tags={','.join(tags)}",
        f"-ldflags={' '.join(link)}",
    ]


def _build(
    folder: Path, flags: Sequence[str], target: str, out: Path, arch: Arch, *, cgo: bool = False
) -> None:
    env = {**_environment(cgo=cgo), "GOOS": "linux", "GOARCH": arch}
    _go(folder, "build", *flags, "-o", str(out), target, env=env)


def _environment(*, cgo: bool = False) -> Mapping[str, str]:
    return {**os.environ, "CGO_ENABLED": "1" if cgo else "0", "GOFLAGS": "", "GOWORK": "off"}


def _go(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    try:
        return run(["go", "-C", str(folder), *arguments], seconds=BUILD_SECONDS, env=env)
    except FileNotFoundError as absent:
        raise BuildError(
            "go is not on PATH", mend="install Go 1.26 or newer and put its bin folder on PATH"
        ) from absent
