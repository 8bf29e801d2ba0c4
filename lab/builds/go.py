"""Builds programs of pinned Go modules, for any of the lab's architectures."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab.builds.errors import BuildError
from lab.builds.recipe import Arch, Input
from lab.commands import run

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
        pinned = re.search(
            rf"^\s*(?:require )?{re.escape(self.module)} v(\S+)",
            (self.path / "go.mod").read_text(),
            re.MULTILINE,
        )
        if pinned is None:
            raise BuildError(
                f"go.mod of {self.folder} pins no {self.module}",
                mend=f"run: go get {self.module}@VERSION in {self.path}",
            )
        return pinned[1]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What decides the programs: the toolchain, the pinned sources, the flags."""
        pins = (self.path / "go.mod", self.path / "go.sum")
        return (go_version(), *pins, *self._flags(), f"cgo={self.cgo}")

    def build(self, package: str, out: Path, arch: Arch) -> None:
        """Build main package ``package`` (below the module; "" for its root) to file ``out``.

        Errors: ``CommandError`` with the last lines of Go's output; ``BuildError`` without Go.
        """
        target = f"{self.module}/{package}" if package else self.module
        env = {
            **os.environ,
            "CGO_ENABLED": "1" if self.cgo else "0",
            "GOOS": "linux",
            "GOARCH": arch,
            "GOFLAGS": "",
            "GOWORK": "off",
        }
        _go(self.path, "build", *self._flags(), "-o", str(out), target, env=env)

    def _flags(self) -> list[str]:
        link = ["-s", "-w", *(f"-X {stamp}" for stamp in self.stamps)]
        if self.cgo:
            link += ["-linkmode external", "-extldflags -static"]
        return [
            "-mod=readonly",
            "-buildvcs=false",
            "-trimpath",
            f"-tags={','.join(self.tags)}",
            f"-ldflags={' '.join(link)}",
        ]


def _go(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    try:
        return run(["go", "-C", str(folder), *arguments], seconds=BUILD_SECONDS, env=env)
    except FileNotFoundError as absent:
        raise BuildError(
            "go is not on PATH", mend="install Go 1.26 or newer and put its bin folder on PATH"
        ) from absent
