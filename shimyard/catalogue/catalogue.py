"""All locked artifacts: Shimyard's own lock and the operator's lock files on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from shimyard.catalogue.artifact import Artifact
from shimyard.catalogue.errors import ArtifactNotLocked
from shimyard.catalogue.lockfile import read_lock
from shimyard.catalogue.versions import version_order

BUILT_IN_LOCK = Path(__file__).with_name("artifacts.lock.json")
"""The lock that comes with Shimyard: upstream releases with sourced checksums."""


class Catalogue:
    """Locked artifacts by (name, version, arch)."""

    def __init__(self, artifacts: Sequence[Artifact]) -> None:
        self._by_key: dict[tuple[str, str, str], Artifact] = {
            artifact.key: artifact for artifact in artifacts
        }

    @classmethod
    def load(cls, paths: Sequence[Path] = ()) -> Self:
        """Read the built-in lock, then ``paths``; a later entry wins over an earlier one.

        Raises ``LockFileError``.
        """
        return cls([artifact for path in (BUILT_IN_LOCK, *paths) for artifact in read_lock(path)])

    def find(self, name: str, version: str, arch: str) -> Artifact:
        """The artifact; raises ``ArtifactNotLocked`` with the command that locks it."""
        artifact = self._by_key.get((name, version, arch))
        if artifact is None:
            raise ArtifactNotLocked(name, version, arch, locked=self.versions(name, arch))
        return artifact

    def versions(self, name: str, arch: str) -> list[str]:
        """Locked versions of ``name`` for ``arch``, oldest first."""
        found = {key[1] for key in self._by_key if (key[0], key[2]) == (name, arch)}
        return sorted(found, key=version_order)

    def all(self) -> list[Artifact]:
        """Every artifact, by name, version and architecture."""
        return sorted(
            self._by_key.values(),
            key=lambda item: (item.name, version_order(item.version), item.arch),
        )
