"""Archives of strangers: listed and read within bounds, refused if any member is hostile."""

from __future__ import annotations

import gzip
import lzma
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from shimyard.catalogue.errors import CatalogueError

MAX_UNPACKED = 4 * 1024 * 1024 * 1024
MAX_MEMBERS = 20_000
MAX_READ = 16 * 1024 * 1024
"""More than any tar header; tarfile reads headers at one go, whatever size they claim."""


class ArchiveError(CatalogueError):
    """An archive that can't be read or must not be unpacked.

    Attributes: ``path`` of the archive, ``member`` (or None if it is the whole archive).
    """

    def __init__(self, path: Path, problem: str, *, member: str | None = None) -> None:
        what = f"{path.name}: member '{member}'" if member is not None else path.name
        super().__init__(
            f"{what} {problem}", mend="don't use this file; get the vendor's own release"
        )
        self.path = path
        self.member = member


def regular_files(path: Path, format: Literal["tar.gz", "tar.xz"]) -> list[str]:
    """The names of all regular files in the archive, as it spells them.

    Raises ``ArchiveError`` if any member leaves the folder that it is unpacked in (absolute path,
    '..', a link out of it, a way through another link), is a device or a pipe, is setuid or
    setgid, or stands twice; or if the whole is larger than ``MAX_UNPACKED``.
    """
    files: list[str] = []
    seen: set[str] = set()
    folders: set[str] = set()
    with _opened(path, format) as archive:
        for count, member in enumerate(archive):
            if count >= MAX_MEMBERS:
                raise ArchiveError(path, f"has more than {MAX_MEMBERS} members")
            problem = _hostile(member)
            name = posixpath.normpath(member.name)
            above = _folders_of(name)
            if problem is None and not member.isdir() and (name in seen or name in folders):
                problem = "stands twice"
            if problem is None and (above & seen or (member.isdir() and name in seen)):
                problem = "goes through a member that is no folder"
            if problem is not None:
                raise ArchiveError(path, problem, member=member.name)
            folders |= above
            (folders if member.isdir() else seen).add(name)
            if member.isreg():
                files.append(member.name)
    return files


def read_members(
    path: Path, format: Literal["tar.gz", "tar.xz"], names: set[str]
) -> Iterator[tuple[str, IO[bytes]]]:
    """(name, content) of each regular file in ``names``, in the archive's order, while it is read.

    Call ``regular_files`` first: it is what refuses hostile members.
    """
    with _opened(path, format) as archive:
        for member in archive:
            if member.name in names and member.isreg():
                content = archive.extractfile(member)
                if content is not None:
                    yield member.name, content


def _hostile(member: tarfile.TarInfo) -> str | None:
    if not member.isdir() and posixpath.normpath(member.name) == ".":
        return "has the name of the folder that it is unpacked in"
    if _leaves(member.name):
        return "is outside of the folder that it is unpacked in"
    if member.issym() or member.islnk():
        # A symbolic link counts from its own folder, a hard link from the top.
        base = posixpath.dirname(member.name) if member.issym() else ""
        if _leaves(posixpath.join(base, member.linkname)):
            return "is a link out of the folder that it is unpacked in"
    elif not (member.isreg() or member.isdir()):
        return "is a device or a pipe"
    if member.isreg() and member.mode & 0o6000:
        return "is setuid or setgid"
    return None


def _folders_of(name: str) -> set[str]:
    parts = name.split("/")
    return {"/".join(parts[:count]) for count in range(1, len(parts))}


def _leaves(name: str) -> bool:
    return name.startswith("/") or posixpath.normpath(name).split("/")[0] == ".." or "\x00" in name


@contextmanager
def _opened(path: Path, format: Literal["tar.gz", "tar.xz"]) -> Iterator[tarfile.TarFile]:
    opener = gzip.open if format == "tar.gz" else lzma.open
    try:
        with opener(path, "rb") as plain:
            bounded = _Bounded(plain, path)
            with tarfile.open(fileobj=bounded, mode="r:") as archive:  # type: ignore[call-overload]
                yield archive
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError):
        problem = f"is no whole {format} archive: it is cut off, or something else"
        raise ArchiveError(path, problem) from None
    except (ValueError, OverflowError, UnicodeError):
        raise ArchiveError(path, "has a broken header") from None


class _Bounded:
    """A file that refuses to be read further, or in larger pieces, than an honest one is."""

    def __init__(self, file: gzip.GzipFile | lzma.LZMAFile, path: Path) -> None:
        self._file = file
        self._path = path

    def read(self, size: int) -> bytes:
        if size < 0 or size > MAX_READ:
            raise ArchiveError(self._path, "has an oversized header")
        data = self._file.read(size)
        self._check(self._file.tell())
        return data

    def seek(self, position: int) -> int:
        self._check(position)
        return self._file.seek(position)

    def tell(self) -> int:
        return self._file.tell()

    def _check(self, position: int) -> None:
        if position > MAX_UNPACKED:
            raise ArchiveError(self._path, f"unpacks to more than {MAX_UNPACKED / 1e9:.1f} GB")
