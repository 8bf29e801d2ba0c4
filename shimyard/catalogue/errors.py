"""Errors of the catalogue: each names the file, the entry and the mend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shimyard.errors import ShimyardError, listed


class CatalogueError(ShimyardError):
    """Root of everything that the catalogue refuses."""


class LockFileError(CatalogueError):
    """A lock file that can't be used.

    Attributes: ``path`` of the file, ``problems`` as (entry and field, sentence with the mend).
    """

    def __init__(self, path: Path, problems: Sequence[tuple[str, str]], *, mend: str = "") -> None:
        super().__init__(
            f"the artifact lock {path} can't be used:\n{listed(problems)}",
            mend=mend or f"correct {path}",
        )
        self.path = path
        self.problems = list(problems)


class ArtifactNotLocked(CatalogueError):  # noqa: N818 - reads as the fact it states
    """An artifact without a known digest: nothing is installed unseen.

    Attributes: ``name``, ``version``, ``arch`` as asked; ``locked``: the versions of that name
    that are locked for the same architecture.
    """

    def __init__(self, name: str, version: str, arch: str, *, locked: Sequence[str]) -> None:
        command = f"python -m shimyard.catalogue lock {name} {version} --arch {arch}"
        known = ", ".join(locked) if locked else "no version of it"
        super().__init__(
            f"{name} {version} for {arch} is in no artifact lock; locked for {arch}: {known}",
            mend=f"choose a locked version, or lock this one: {command}"
            if locked
            else f"lock it: {command}",
        )
        self.name = name
        self.version = version
        self.arch = arch
        self.locked = list(locked)
