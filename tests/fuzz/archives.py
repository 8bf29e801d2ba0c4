"""Archives as an attacker packs them, and what an honest reader finds in them."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

# What a lock can name, and what it can't.
MEMBERS = [
    "tool", "./tool", "bin/tool", "lib/x.so.1", "d", "d/x", "l", "l/x", "-x", "a b", "a*", "[a]",
]  # fmt: skip
STRANGE = [
    "../x", "/x", "d/../x", "d/../../x", ".", "./", "", "..", "a\\b", "a\nb", "\xe4", "\udcff",
    "n" * 300, "/".join(["p"] * 60), "l/../x", "./l/x", "d/", "tool/", "tool/x",
]  # fmt: skip
TARGETS = [
    "tool", "./tool", "bin/tool", ".", "..", "../..", "../x", "/etc/passwd", "/", "d", "l",
    "d/../..", "../../../../outside/sentinel", "{outside}/sentinel", "{outside}",
]  # fmt: skip
HONEST = [tarfile.REGTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE]
TYPES = [*HONEST] * 2 + [
    tarfile.AREGTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE,
    b"V", b"M", b"?",
]  # fmt: skip
MODES = [0o644, 0o755, 0o000, 0o777, 0o4755, 0o2755, 0o6777, 0o1777, 0o7777]
CONTENTS = [b"", b"x", b"#!/bin/sh\n", b"\0" * 5_000]


@dataclass(frozen=True)
class Packed:
    """``data``: the archive. ``names``: of its members, in order.

    ``whole``: nothing was damaged after it had been packed.
    """

    data: bytes
    format: Literal["tar.gz", "tar.xz"]
    whole: bool
    names: tuple[str, ...] = ()


def compressed(plain: bytes, format: str) -> bytes:
    """``plain`` as gzip or xz, quickly."""
    if format == "tar.xz":
        return lzma.compress(plain, preset=0)
    return gzip.compress(plain, compresslevel=1, mtime=0)


@st.composite
def members(draw: st.DrawFn, outside: str, *, honest: bool) -> tuple[tarfile.TarInfo, bytes]:
    """One entry of a tar: of any type, mode, owner and name; links lead anywhere."""
    strange = [] if honest else [*STRANGE, f"{outside}/sentinel"]
    info = tarfile.TarInfo(draw(st.sampled_from(MEMBERS * 2 + strange)))
    info.type = draw(st.sampled_from(HONEST if honest else TYPES))
    info.mode = draw(st.sampled_from(MODES[:2] if honest else MODES))
    info.uid, info.gid = draw(st.sampled_from([(0, 0), (1000, 1000), (65534, 65534)]))
    content = b""
    if info.issym() or info.islnk():
        target = draw(st.sampled_from(MEMBERS if honest else TARGETS))
        info.linkname = target.format(outside=outside)
    elif info.isdev():
        info.devmajor, info.devminor = 1, 3
    elif not info.isdir():
        content = draw(st.sampled_from(CONTENTS))
        info.size = len(content)
    return info, content


@st.composite
def archives(draw: st.DrawFn, outside: str, *, honest: bool = False) -> Packed:
    """A whole archive of up to eight entries in one of tar's three dialects, maybe damaged.

    One that is ``honest`` has unusual entries, but is not damaged, and harms nobody by its names.
    """
    format: Literal["tar.gz", "tar.xz"] = draw(st.sampled_from(["tar.gz", "tar.gz", "tar.xz"]))
    entries = draw(st.lists(members(outside, honest=honest), max_size=8))
    dialect = draw(st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT]))
    plain, names = io.BytesIO(), []
    with tarfile.open(fileobj=plain, mode="w", format=dialect) as tar:
        for info, content in entries:
            try:
                tar.addfile(info, io.BytesIO(content))
            except ValueError:
                # Some names don't fit into some dialects.
                continue
            names.append(info.name)
    raw = plain.getvalue()
    damage = 9 if honest else draw(st.integers(0, 9))
    if damage == 0:
        start = draw(st.integers(0, len(raw)))
        raw = raw[:start] + draw(st.binary(min_size=1, max_size=8)) + raw[start + 4 :]
    data = compressed(raw, format)
    if damage == 1:
        data = data[: draw(st.integers(0, len(data)))]
    elif damage == 2:
        data += draw(st.binary(min_size=1, max_size=20))
    elif damage == 3:
        data = draw(st.binary(max_size=60))
    return Packed(data, format, damage > 3, tuple(names))
