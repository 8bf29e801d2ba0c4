"""Checksum files as `sha256sum` writes them."""

from __future__ import annotations

import re

_LINE = re.compile(r"\\?([0-9a-fA-F]{64})(?:\s+\*?(.+))?")


def checksum_for(text: str, file_name: str) -> str | None:
    """The digest that ``text`` has for ``file_name`` (lower case hex), or None.

    Understands lines '<digest>  <path>' and '<digest> *<path>', compared by the path's last part,
    and a file that is nothing but one digest. Two different digests for one name count as none.
    """
    found: set[str] = set()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        digest, path = match.group(1).lower(), match.group(2)
        if path is None:
            if len(lines) == 1:
                found.add(digest)
        elif path.strip().rpartition("/")[2] == file_name:
            found.add(digest)
    return found.pop() if len(found) == 1 else None
