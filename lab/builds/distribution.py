"""The OCI registry (CNCF distribution) that serves the lab's images."""

from __future__ import annotations

from pathlib import Path

from lab.builds.go import GoModule
from lab.builds.recipe import Arch, Recipe, Unpack

NAME = "github.com/distribution/distribution/v3"


def distribution_recipe(arch: Arch) -> Recipe:
    """The ``registry`` program. It runs beside the nodes, never on one, so no lock names it."""
    version = GoModule("registry", NAME).version
    module = GoModule("registry", NAME, stamps=(f"{NAME}/version.version=v{version}",))

    def make(out: Path) -> None:
        module.build("cmd/registry", out / "registry", arch)

    return Recipe(
        name="distribution",
        version=version,
        arch=arch,
        file_name="registry",
        unpack=Unpack("raw", {"": "registry"}),
        inputs=module.inputs,
        make=make,
        cold_seconds=60,
    )
