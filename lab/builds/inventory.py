"""Everything that the lab builds for its nodes, built, published and locked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lab.builds.cni import cni_recipe
from lab.builds.containerd import containerd_recipes
from lab.builds.errors import BuildError
from lab.builds.lock import write_lock
from lab.builds.recipe import Arch, BuiltArtifact, Recipe
from lab.builds.runc import runc_recipe
from lab.shims.recipes import shim_recipes
from toolchain.progress import Progress

BUILDS_AT_ONCE = 2
"""Two, so that one build's linking, which uses one core, meets another's compiling."""


def recipes(arch: Arch = "amd64") -> tuple[Recipe, ...]:
    """A recipe for every artifact that a lab node can ask its mirror for."""
    return (
        *containerd_recipes(arch),
        runc_recipe(arch),
        cni_recipe(arch),
        *shim_recipes(arch),
    )


@dataclass(frozen=True)
class BuiltArtifacts:
    """The finished artifacts, in the order of their recipes."""

    artifacts: tuple[BuiltArtifact, ...]

    def __iter__(self) -> Iterator[BuiltArtifact]:
        return iter(self.artifacts)

    def find(self, name: str, version: str | None = None) -> BuiltArtifact:
        """The artifact ``name``; of several versions the first, which is the newest.

        Errors: ``BuildError`` if the lab builds no such artifact.
        """
        for artifact in self.artifacts:
            if artifact.name == name and version in (None, artifact.version):
                return artifact
        known = ", ".join(f"{each.name} {each.version}" for each in self.artifacts)
        raise BuildError(
            f"the lab builds no {name} {version or ''}".rstrip(), mend=f"choose one of: {known}"
        )

    def publish(self, folder: Path) -> None:
        """Link every artifact into ``folder`` by the path that the mirror serves it under."""
        for artifact in self.artifacts:
            link = folder / artifact.url_path
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(artifact.path)

    def write_lock(self, path: Path, mirror_url: str) -> None:
        """Write the artifact lock for a mirror at ``mirror_url``."""
        write_lock(path, self.artifacts, mirror_url)


def build_all(
    progress: Progress | None = None,
    wanted: Sequence[Recipe] | None = None,
    *,
    arch: Arch = "amd64",
) -> BuiltArtifacts:
    """Build ``wanted`` (default: every recipe), two at a time, the long ones first.

    Errors: the first failed build's, after the builds that were running have ended.
    """
    chosen = tuple(recipes(arch) if wanted is None else wanted)
    by_length = sorted(chosen, key=lambda recipe: recipe.cold_seconds, reverse=True)
    with ThreadPoolExecutor(BUILDS_AT_ONCE) as pool:
        started = {id(recipe): pool.submit(recipe.build, progress) for recipe in by_length}
        try:
            return BuiltArtifacts(tuple(started[id(recipe)].result() for recipe in chosen))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
