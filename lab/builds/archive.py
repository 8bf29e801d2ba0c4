"""Archives whose bytes depend on nothing but the names and contents of their members."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Mapping
from pathlib import Path


def pack(archive: Path, members: Mapping[str, Path], *, mode: int = 0o755) -> None:
    """Write ``members`` (member path -> file) as a ``.tar.gz`` that is the same on every run.

    Members are sorted by path, owned by root, of time 0 and of one ``mode``. Folders get no
    entries of their own, as in the vendors' archives a node unpacks single files from.
    """
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for member, source in sorted(members.items()):
            info = tarfile.TarInfo(member)
            info.size = source.stat().st_size
            info.mode = mode
            with source.open("rb") as content:
                tar.addfile(info, content)
