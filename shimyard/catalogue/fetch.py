"""Get an artifact whose digest is known: the first source that has the right bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from shimyard.catalogue.artifact import Artifact
from shimyard.catalogue.download import DownloadError, Progress, download
from shimyard.catalogue.errors import CatalogueError


class FetchError(CatalogueError):
    """No source has the locked bytes. Attributes: ``artifact``, ``tried`` (a sentence for each)."""

    def __init__(self, artifact: Artifact, tried: Sequence[str]) -> None:
        lines = "\n".join(f"  {sentence}" for sentence in tried)
        super().__init__(
            f"{' '.join(artifact.key)} can't be had as it is locked:\n{lines}",
            mend="check the connection and the mirrors; if the vendor has changed the file, find "
            "out why before you lock it again",
        )
        self.artifact = artifact
        self.tried = list(tried)


def fetch(
    artifact: Artifact, sources: Sequence[str], path: Path, progress: Progress | None = None
) -> None:
    """Put the locked bytes at ``path`` in one rename. Raises ``FetchError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tried: list[str] = []
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetch-") as folder:
        for url in sources:
            try:
                got = download(url, Path(folder) / "artifact", progress)
            except DownloadError as error:
                tried.append(error.problem)
                continue
            if got.sha256 == artifact.sha256 and artifact.size in (None, got.size):
                got.path.replace(path)
                return
            tried.append(
                f"{url}: has {got.sha256} ({got.size} bytes) instead of {artifact.sha256}"
                + (f" ({artifact.size} bytes)" if artifact.size is not None else "")
            )
    raise FetchError(artifact, tried or ["there is no source to ask"])
