"""sigstore's policy-controller, and cosign: what verifies signatures, and what makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.builds.go import GoModule
from lab.builds.recipe import Arch
from toolchain.cache import cached, digest
from toolchain.progress import Progress

_FOLDER: Final = "policy-controller"
_CONTROLLER: Final = GoModule(_FOLDER, "github.com/sigstore/policy-controller")
_COSIGN: Final = GoModule(_FOLDER, "github.com/sigstore/cosign/v3")


def policy_controller(arch: Arch, progress: Progress | None = None) -> Path:
    """The admission controller, 100 MB; its first build takes five minutes.

    Errors: ``BuildError`` without Go; ``CommandError`` with its words.
    """
    return _program(_CONTROLLER, "webhook", "policy-controller", arch, progress)


def cosign(arch: Arch, progress: Progress | None = None) -> Path:
    """The signing program. Errors: likewise."""
    return _program(_COSIGN, "cosign", "cosign", arch, progress)


def controller_version() -> str:
    """Its version, without a 'v'."""
    return _CONTROLLER.version


def controller_manifests() -> Path:
    """The folder of upstream's own manifests of the controller. Errors: likewise."""
    return _CONTROLLER.source / "config"


def _program(
    module: GoModule, package: str, name: str, arch: Arch, progress: Progress | None
) -> Path:
    def make(out: Path) -> None:
        module.build(f"cmd/{package}", out / name, arch)

    key = digest(name, arch, *module.inputs)
    return cached(f"{name}-{arch}", key, make, progress=progress) / name
