"""Recipes of the shims, archived as their vendor does: the binary alone at the top."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from lab.builds.archive import pack
from lab.builds.cargo import CargoWorkspace, intermediate_folder
from lab.builds.errors import BuildError
from lab.builds.recipe import Arch, Recipe, Unpack
from lab.commands import attempt
from toolchain.cache import cached, digest

FOLDER = Path(__file__).parent
CRATES = ("compile-lock", "preview1", "termination", "wasmedge", "wasmer", "wasmtime")
PACKAGES = tuple(FOLDER / name for name in CRATES)
WORKSPACE = CargoWorkspace(FOLDER, packages=PACKAGES)
ENGINES = ("wasmtime", "wasmedge", "wasmer")
VERSIONS = ("1.0.1-lab.2", "1.0.1-lab.1")
"""The framework's version, and which of the lab's two stampings: docs/explanation/lab-shims.md."""

TRIPLE_ARCH: Mapping[Arch, str] = {"amd64": "x86_64", "arm64": "aarch64"}


def shim_recipes(arch: Arch) -> tuple[Recipe, ...]:
    """Every shim for ``arch``, of each shim the newest version first.

    The machine's own architecture only: another needs a C cross compiler and its libseccomp.
    """
    return tuple(_recipe(engine, version, arch) for engine in ENGINES for version in VERSIONS)


def _recipe(engine: str, version: str, arch: Arch) -> Recipe:
    name = f"containerd-shim-{engine}"
    binary = f"{name}-v1"
    file_name = f"{name}-{TRIPLE_ARCH[arch]}-linux-gnu.tar.gz"

    def make(out: Path) -> None:
        binaries = _stamped_binaries(arch)
        pack(out / file_name, {binary: binaries / version / binary})

    return Recipe(
        name=name,
        version=version,
        arch=arch,
        file_name=file_name,
        unpack=Unpack("tar.gz", {binary: binary}),
        inputs=WORKSPACE.inputs,
        make=make,
        # One build makes them all: the others wait for it, so they must not start beside it.
        cold_seconds=420 if (engine, version) == (ENGINES[0], VERSIONS[0]) else 1,
    )


def _stamped_binaries(arch: Arch) -> Path:
    """A folder per version with the binaries of all engines, linked out of one build."""
    key = digest(arch, *ENGINES, *VERSIONS, *WORKSPACE.inputs)
    return cached(f"shims-stamped-{arch}", key, partial(_build_stamped, arch))


def _build_stamped(arch: Arch, out: Path) -> None:
    require_native(arch)
    require_libseccomp()
    shims = [f"containerd-shim-{engine}" for engine in ENGINES]
    with intermediate_folder(out) as target:
        for version in VERSIONS:
            built = WORKSPACE.build(shims, target, env={"SHIM_VERSION": version})
            (out / version).mkdir()
            for shim in shims:
                shutil.copy2(built / f"{shim}-v1", out / version)


def require_native(arch: Arch) -> None:
    machine = platform.machine()
    if machine != TRIPLE_ARCH[arch]:
        raise BuildError(
            f"shims for {arch} can't be built on this {machine} machine",
            mend=f"run the lab on {arch}, or lock the vendor's shim for {arch}",
        )


def require_libseccomp() -> None:
    try:
        found = attempt(["pkg-config", "--exists", "libseccomp"]).returncode == 0
    except FileNotFoundError:
        found = False
    if not found:
        raise BuildError(
            "the shims link libseccomp, and its headers are not on this machine",
            mend="install them (Debian: apt-get install pkg-config libseccomp-dev)",
        )
