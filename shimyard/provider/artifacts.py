"""Locked artifacts and rendered files as inputs: what a preview shows of them, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from shimyard.catalogue import Artifact, Catalogue, Need, bundled, urls
from shimyard.errors import ShimyardError
from shimyard.node.desired import DesiredState, File, StoredArtifact
from shimyard.provider.values import Secret
from shimyard.settings import ArtifactSettings


def records(needs: Iterable[Need], sources: ArtifactSettings, project: Path) -> dict[str, Any]:
    """Name -> version, digest and layout of each needed artifact, out of the locks."""
    return {
        artifact.name: {
            "version": artifact.version,
            "sha256": artifact.sha256,
            "size": artifact.size,
            "format": artifact.unpack.format,
            "files": dict(artifact.unpack.files),
        }
        for artifact in _locked(needs, sources, project)
    }


def stored(artifacts: Mapping[str, Any]) -> list[StoredArtifact]:
    """What ``records`` stand for on a node, wherever it comes from."""
    return [
        StoredArtifact(
            name,
            record["version"],
            record["sha256"],
            record.get("size"),
            record["format"],
            tuple(record["files"].items()),
        )
        for name, record in artifacts.items()
    ]


def with_sources(
    items: Sequence[StoredArtifact],
    needs: Iterable[Need],
    sources: ArtifactSettings,
    project: Path,
) -> list[StoredArtifact]:
    """The same, with where they can be had now. Raises ``ShimyardError`` if a lock has changed."""
    by_digest = {artifact.sha256: artifact for artifact in _locked(needs, sources, project)}
    located = []
    for item in items:
        artifact = by_digest.get(item.sha256)
        if artifact is None:
            raise ShimyardError(
                f"the lock of {item.name} {item.version} has changed while `pulumi up` ran",
                mend="run `pulumi up` again",
            )
        located.append(
            replace(
                item,
                urls=tuple(urls(artifact, sources)),
                bundle=bundled(artifact, sources, project),
            )
        )
    return located


def texts(desired: DesiredState, secret: Set[str]) -> dict[str, Any]:
    """Path -> text of every rendered file; those at ``secret`` paths are secrets."""
    found = {file.path: file.read().decode() for file in desired.files}
    return {path: Secret(text) if path in secret else text for path, text in found.items()}


def as_recorded(desired: DesiredState, files: Mapping[str, str]) -> DesiredState:
    """With the files as they were applied: today's templates may say it in other words."""
    modes = {file.path: file.mode for file in desired.files}
    recorded = (File.of(path, text, mode=modes.get(path, "0644")) for path, text in files.items())
    return replace(desired, files=tuple(recorded))


def _locked(needs: Iterable[Need], sources: ArtifactSettings, project: Path) -> list[Artifact]:
    paths = [project / Path(name).expanduser() for name in sources.lock_files]
    catalogue = Catalogue.load(paths)
    return [catalogue.find(*need) for need in needs]
