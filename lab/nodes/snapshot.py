"""A node's file system, file by file, to tell whether a node is as it was before."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Kept by the kernel or in memory, or written by a running Debian at times of its own.
VOLATILE: Final = frozenset(
    {
        "dev", "proc", "run", "sys", "tmp",
        "etc/.pwd.lock",
        "etc/.updated",
        "var/.updated",
        "var/cache/ldconfig",
        "var/lib/systemd/catalog",
        "var/lib/systemd/random-seed",
        "var/lib/systemd/timers",
        "var/log",
        "var/tmp",
    }
)  # fmt: skip

_KINDS: Final = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block",
    stat.S_IFCHR: "character",
}


@dataclass(frozen=True)
class Entry:
    """One path: its type, permission bits, owner, and what it holds.

    ``content`` is the SHA-256 of a file, the target of a link, the number of a device.
    """

    kind: str
    mode: int
    uid: int
    gid: int
    content: str


Snapshot = Mapping[str, Entry]


def take(root: Path, volatile: frozenset[str] = VOLATILE) -> dict[str, Entry]:
    """Every path below ``root`` except the ``volatile`` ones and what is below those."""
    found: dict[str, Entry] = {}

    def walk(folder: str) -> None:
        with os.scandir(root / folder) as listing:
            for item in sorted(listing, key=lambda each: each.name):
                path = f"{folder}/{item.name}" if folder else item.name
                if path in volatile:
                    continue
                status = item.stat(follow_symlinks=False)
                found[path] = _entry(root / path, status)
                if stat.S_ISDIR(status.st_mode):
                    walk(path)

    walk("")
    return found


def difference(before: Snapshot, after: Snapshot) -> list[str]:
    """What changed, one line a path, in a person's words; empty if nothing did."""
    lines: list[str] = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if old is None or new is None:
            lines.append(f"/{path}: {'added' if old is None else 'removed'}")
            continue
        parts = [
            f"{field} {getattr(old, field)!r} -> {getattr(new, field)!r}"
            for field in ("kind", "uid", "gid", "content")
            if getattr(old, field) != getattr(new, field)
        ]
        if old.mode != new.mode:
            parts.append(f"mode {old.mode:04o} -> {new.mode:04o}")
        lines.append(f"/{path}: {', '.join(parts)}")
    return lines


def _entry(path: Path, status: os.stat_result) -> Entry:
    kind = _KINDS[stat.S_IFMT(status.st_mode)]
    content = ""
    if kind == "file":
        with path.open("rb") as handle:
            content = hashlib.file_digest(handle, "sha256").hexdigest()
    elif kind == "link":
        content = str(path.readlink())
    elif kind in {"block", "character"}:
        content = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    return Entry(kind, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, content)
