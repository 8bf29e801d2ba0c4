"""Programs that Wasmtime has compiled ahead of time: for which engine and which machine.

The format is that of wasmtime's src/engine/serialization.rs: an ELF file with an OS ABI of its own,
and a section that begins with the engine's version and the target. Wasmtime loads a program only
into an engine of the same version, and for the same target.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from shimyard.node.desired import File
from shimyard.settings import Arch, PrecompiledFor

_ELF: Final = b"\x7fELF\x02\x01"
_OS_ABI_AT: Final = 7
_OS_ABI: Final = 200
_SECTION: Final = b".wasmtime.engine"
_HEADER: Final = 64
_TARGETS: Final[dict[Arch, str]] = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Precompiled:
    """``version``: as Wasmtime writes it, '27.0.0', or since some versions '48'.

    ``target``: a triple, 'x86_64-unknown-linux-gnu'.
    """

    kind: Literal["module", "component"]
    version: str
    target: str

    def __str__(self) -> str:
        return f"a {self.kind} that Wasmtime {self.version} has compiled for {self.target}"


def is_precompiled(head: bytes) -> bool:
    """Whether a file that begins so is Wasmtime's."""
    return head[: len(_ELF)] == _ELF and head[_OS_ABI_AT : _OS_ABI_AT + 1] == bytes([_OS_ABI])


def read_precompiled(content: bytes) -> Precompiled:
    """What a program says of itself. Raises ValueError with what is wrong with the file."""
    try:
        section = _engine_section(content)
        size = section[1]
        version, rest = section[2 : 2 + size], section[2 + size :]
        length, rest = _number(rest)
        flags: int = struct.unpack_from("<I", content, 48)[0]
        if section[0] != 0 or len(version) != size or len(rest) < length:
            raise ValueError("it is of a format that Shimyard does not know")
        return Precompiled(
            "component" if flags & 2 else "module", version.decode(), rest[:length].decode()
        )
    except (struct.error, IndexError, UnicodeDecodeError) as cut:
        raise ValueError("it is cut off or damaged") from cut


def misfit(files: Sequence[File], wanted: PrecompiledFor | None, arch: Arch) -> str | None:
    """Why files can't be run by the engine that they are for, and the mend; None if they can.

    Raises OSError for a source that can't be read.
    """
    seen = False
    for file in files:
        content = _read(file)
        if content is None:
            continue
        seen = True
        try:
            found = read_precompiled(content)
        except ValueError as error:
            return f"{file.path} is precompiled by Wasmtime, but {error}; compile it anew"
        told = f"{file.path} is {found}"
        if wanted is None:
            return (
                f"{told}, and only that version can run it; set precompiledFor to the engine that "
                "does, so that the two can't part"
            )
        mend = f"compile it anew with `wasmtime compile` of version {wanted.version}"
        if found.version not in (wanted.version, wanted.version.partition(".")[0]):
            return (
                f"{told}, and precompiledFor is {wanted.engine} {wanted.version}, which refuses "
                f"it; {mend}, or correct precompiledFor and runtime.engines"
            )
        if found.target.partition("-")[0] != _TARGETS[arch]:
            return (
                f"{told}, and the node is {arch}; {mend} and --target {_TARGETS[arch]}-linux, or "
                "give nodes of each architecture their own file"
            )
    if wanted is not None and not seen:
        return (
            "is no program that Wasmtime has precompiled; make one with `wasmtime compile`, or "
            "remove precompiledFor"
        )
    return None


def _read(file: File) -> bytes | None:
    """The content of a precompiled program; None for any other file."""
    if file.content is not None:
        return file.content if is_precompiled(file.content) else None
    if file.source is None:
        return None
    with file.source.open("rb") as opened:
        head = opened.read(_HEADER)
        return head + opened.read() if is_precompiled(head) else None


def _engine_section(content: bytes) -> bytes:
    start: int = struct.unpack_from("<Q", content, 40)[0]
    size, count, named = struct.unpack_from("<HHH", content, 58)
    headers = [
        struct.unpack_from("<IIQQQQ", content, start + number * size) for number in range(count)
    ]
    names = headers[named][4]
    for name, _, _, _, offset, length in headers:
        at = names + name
        if content[at : at + len(_SECTION) + 1] == _SECTION + b"\0":
            return content[offset : offset + length]
    raise ValueError(f"it has no section {_SECTION.decode()}")


def _number(data: bytes) -> tuple[int, bytes]:
    value = shift = 0
    for at, octet in enumerate(data):
        value |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            return value, data[at + 1 :]
    raise IndexError(len(data))
