"""What a lab gives its nodes: artifacts from a mirror, workloads from a registry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.builds.distribution import distribution_recipe
from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.builds.recipe import Arch
from lab.images.publish import PushedImage, push_all, push_native, push_pause
from lab.k3s.recipes import k3s_recipes
from lab.mirror.service import start_mirror
from lab.registry import start_registry
from lab.settings import LabSettings
from lab.workloads import Workload, build
from lab.workloads.native_recipe import greeter_native
from lab.workloads.pause_recipe import pause
from toolchain.progress import Progress


@dataclass(frozen=True)
class Supplies:
    """Everything built; in the cache, so that nodes and a bridge are not needed for it."""

    artifacts: BuiltArtifacts
    workloads: tuple[Workload, ...]
    pause: Path
    native: Path
    registry: Path
    arch: Arch = "amd64"

    def serve(self, settings: LabSettings) -> tuple[PushedImage, ...]:
        """Have mirror and registry running on the lab's bridge, with all in them; what was pushed.

        Writes the lab's artifact lock too. What runs and is there already stays as it is.
        Errors: ``NotReadyError``, ``RegistryRefusedError``.
        """
        start_mirror(settings, self.artifacts)
        registry = start_registry(settings, self.registry)
        push_pause(registry, self.pause, self.arch)
        push_native(registry, self.native, self.arch)
        return push_all(registry, self.workloads)


def build_supplies(progress: Progress | None = None, *, arch: Arch = "amd64") -> Supplies:
    """Build all that is not in the cache yet.

    Errors: ``BuildError`` or ``CommandError``, as the failed build says.
    """
    # The older K3s is for tests of upgrades, which build it when they need it.
    wanted = (*recipes(arch), *k3s_recipes(arch)[:1])
    artifacts = build_all(progress, wanted, arch=arch)
    registry = distribution_recipe(arch).build(progress).path
    return Supplies(
        artifacts,
        tuple(build(progress)),
        pause(arch, progress),
        greeter_native(arch, progress),
        registry,
        arch,
    )
