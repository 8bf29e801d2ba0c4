"""Where the bytes of an artifact can be had, in the order in which to try."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from shimyard.catalogue.artifact import Artifact
from shimyard.settings.artifacts import ArtifactSettings


def mirror_path(url: str) -> str:
    """Path of ``url`` below a mirror or a bundle: '<host>/<decoded path>'.

    Decoded, since that is what a static file server looks for on its disk.
    """
    parts = urlsplit(url)
    return parts.netloc + unquote(parts.path)


def mirrored(mirror: str, path: str) -> str:
    """The URL of ``path`` (from ``mirror_path``) on ``mirror``."""
    return f"{mirror.rstrip('/')}/{quote(path, safe='/:')}"


def urls(artifact: Artifact, settings: ArtifactSettings) -> list[str]:
    """Mirrors first, then the vendor unless ``air_gap``; empty if only a bundle is left."""
    path = mirror_path(artifact.url)
    found = [mirrored(mirror, path) for mirror in settings.mirrors]
    return found if settings.air_gap else [*found, artifact.url]


def bundled(artifact: Artifact, settings: ArtifactSettings, project: Path) -> Path | None:
    """The artifact's file in the bundle folder, or None; its digest is not checked here.

    ``project`` is the folder that a relative bundle path starts from.
    """
    if settings.bundle is None:
        return None
    path = project / Path(settings.bundle).expanduser() / mirror_path(artifact.url)
    return path if path.is_file() else None
