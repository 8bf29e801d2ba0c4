"""containerd in two versions, one on each side of the change from config version 3 to 4."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lab.builds.archive import pack
from lab.builds.go import GoModule
from lab.builds.recipe import Arch, Recipe, Unpack

MODULE = "github.com/containerd/containerd/v2"
PROGRAMS = ("containerd", "containerd-shim-runc-v2", "ctr")
FOLDERS = ("containerd-2.4", "containerd-2.2")


def containerd_recipes(arch: Arch) -> tuple[Recipe, ...]:
    """One recipe per pinned version, the newest first; the vendor's archive layout."""
    return tuple(_recipe(folder, arch) for folder in FOLDERS)


def _recipe(folder: str, arch: Arch) -> Recipe:
    version = GoModule(folder, MODULE).version
    module = GoModule(
        folder,
        MODULE,
        stamps=(f"{MODULE}/version.Version=v{version}", f"{MODULE}/version.Package={MODULE}"),
    )
    file_name = f"containerd-{version}-linux-{arch}.tar.gz"

    def make(out: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="containerd-") as scratch:
            members: dict[str, Path] = {}
            for program in PROGRAMS:
                binary = Path(scratch) / program
                module.build(f"cmd/{program}", binary, arch)
                members[f"bin/{program}"] = binary
            pack(out / file_name, members)

    return Recipe(
        name="containerd",
        version=version,
        arch=arch,
        file_name=file_name,
        unpack=Unpack("tar.gz", {f"bin/{program}": program for program in PROGRAMS}),
        inputs=module.inputs,
        make=make,
        cold_seconds=60,
    )
