"""runc, with libseccomp linked in: one binary that needs nothing of the node but a kernel."""

from __future__ import annotations

from pathlib import Path

from lab.builds.errors import BuildError
from lab.builds.go import GoModule
from lab.builds.recipe import Arch, Recipe, Unpack
from lab.commands import attempt

MODULE = GoModule(
    "runc",
    "github.com/opencontainers/runc",
    tags=("netgo", "osusergo", "seccomp", "urfave_cli_no_docs"),
    cgo=True,
)


def runc_recipe(arch: Arch) -> Recipe:
    """runc as the vendor ships it: the bare binary ``runc.<arch>``.

    It needs a C compiler for ``arch`` and libseccomp's headers and static library
    (Debian: gcc, pkg-config, libseccomp-dev).
    Errors while building: ``BuildError`` if those are missing.
    """
    file_name = f"runc.{arch}"

    def make(out: Path) -> None:
        _need_libseccomp()
        MODULE.build("", out / file_name, arch)

    return Recipe(
        name="runc",
        version=MODULE.version,
        arch=arch,
        file_name=file_name,
        unpack=Unpack("raw", {"": "runc"}),
        inputs=MODULE.inputs,
        make=make,
        cold_seconds=15,
    )


def _need_libseccomp() -> None:
    mend = "apt-get install gcc pkg-config libseccomp-dev, or what your distribution calls them"
    try:
        found = attempt(["pkg-config", "--exists", "libseccomp"]).returncode == 0
    except FileNotFoundError as absent:
        raise BuildError("runc can't be built without pkg-config", mend=mend) from absent
    if not found:
        raise BuildError("runc can't be built without libseccomp's headers", mend=mend)
