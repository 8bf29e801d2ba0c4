"""The desired state of files and trees on a machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shimyard.errors import ShimyardError
from shimyard.node.desired import DesiredState, File
from shimyard.settings import FileSettings


class SourceError(ShimyardError):
    """A source on the controller that can't be read. Attributes ``path`` and ``source``."""

    def __init__(self, path: str, source: str, cause: str) -> None:
        super().__init__(
            f"files: the source {source} of {path} {cause}",
            mend="correct source; it is relative to the project",
        )
        self.path = path
        self.source = source


@dataclass(frozen=True)
class FileSet:
    """The files that some entries of the settings come to; a folder comes to many."""

    files: tuple[File, ...]

    @classmethod
    def of(cls, entries: Sequence[FileSettings], project: Path) -> FileSet:
        """Read and digest every source. Raises ``SourceError``."""
        return cls(tuple(file for entry in entries for file in _expand(entry, project)))

    def desired(self, resource: str) -> DesiredState:
        """The state that ``resource`` wants."""
        return DesiredState(resource=resource, files=self.files)


def _expand(entry: FileSettings, project: Path) -> Iterator[File]:
    secret = entry.secret_content
    text = entry.content if secret is None else secret.get_secret_value()
    if text is not None:
        content = text.encode()
        digest = hashlib.sha256(content).hexdigest()
        yield _file(entry, entry.path, digest, content=content)
        return
    source = project / Path(entry.source or "").expanduser()
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file():
                target = f"{entry.path}/{path.relative_to(source).as_posix()}"
                yield _file(entry, target, _digest(entry, path), source=path)
        return
    yield _file(entry, entry.path, _digest(entry, source), source=source)


def _file(
    entry: FileSettings,
    path: str,
    digest: str,
    *,
    content: bytes | None = None,
    source: Path | None = None,
) -> File:
    mode = entry.effective_mode
    return File(path, digest, mode, entry.owner, entry.group, content=content, source=source)


def _digest(entry: FileSettings, source: Path) -> str:
    try:
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        cause = error.strerror or str(error)
        raise SourceError(entry.path, str(entry.source), f"can't be read: {cause}") from error
