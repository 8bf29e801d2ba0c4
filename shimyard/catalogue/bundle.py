"""Everything that a stack needs, in one folder: for a mirror, or for a site without a way out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shimyard.catalogue.artifact import Artifact
from shimyard.catalogue.catalogue import Catalogue
from shimyard.catalogue.download import Progress
from shimyard.catalogue.fetch import fetch
from shimyard.catalogue.needs import artifacts_of_node
from shimyard.catalogue.sources import mirror_path, mirrored
from shimyard.settings.stack import StackSettings


@dataclass(frozen=True)
class Bundled:
    """One artifact in the folder; ``fetched`` is False if it was there already."""

    artifact: Artifact
    path: Path
    fetched: bool


def needed(settings: StackSettings, project: Path) -> list[Artifact]:
    """Every artifact that a node of the stack needs, once, in the order of the nodes.

    ``project`` is the folder that relative lock files start from. Raises ``LockFileError`` and
    ``ArtifactNotLocked``.
    """
    catalogue = Catalogue.load([project / file for file in settings.artifacts.lock_files])
    needs = [need for node in settings.nodes for need in artifacts_of_node(settings, node)]
    return [catalogue.find(*need) for need in dict.fromkeys(needs)]


def bundle(
    artifacts: Sequence[Artifact],
    settings: StackSettings,
    folder: Path,
    *,
    mirror: str | None = None,
    progress: Progress | None = None,
    report: Callable[[Bundled], None] = lambda _: None,
) -> list[Bundled]:
    """Put ``artifacts`` into ``folder`` in mirror layout; what is there and right stays.

    Sources: ``mirror`` alone if given; else the vendor's URL, then the stack's own mirrors. The
    stack's `airGap` does not count: this is what is run where there is a way out. Raises
    ``FetchError``; what was fetched before it stays.
    """
    done: list[Bundled] = []
    for artifact in artifacts:
        path = mirror_path(artifact.url)
        mirrors = [mirrored(one, path) for one in settings.artifacts.mirrors]
        sources = [artifact.url, *mirrors] if mirror is None else [mirrored(mirror, path)]
        missing = not _is_right(artifact, folder / path)
        if missing:
            fetch(artifact, sources, folder / path, progress)
        done.append(Bundled(artifact, folder / path, missing))
        report(done[-1])
    return done


def _is_right(artifact: Artifact, path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == artifact.sha256
