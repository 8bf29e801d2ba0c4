"""Shrinks a program: a core module as a whole, a component by the core modules in it.

wasm-opt knows no components. But a component holds its core modules in sections of their own, and
these can be replaced without touching the rest: wasm-opt keeps a module's exports, and what it
takes away of the imports the component just gives in vain.

The binary formats are those of the WebAssembly specification and of the component model's
``design/mvp/Binary.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from shimyard.errors import ShimyardError

_MODULE: Final = b"\0asm\x01\0\0\0"
_COMPONENT: Final = b"\0asm\x0d\0\x01\0"
_CUSTOM_SECTION: Final = 0
_CORE_MODULE_SECTION: Final = 1
_COMPONENT_SECTION: Final = 4
_LONGEST_NUMBER: Final = 5
# Names for debuggers, and who has made it: engines need neither.
_SPARE: Final = (b"name", b"producers")


class ShrinkError(ShimyardError):
    """A program that can't be shrunk."""


def shrink(wasm: bytes, optimize: Callable[[bytes], bytes]) -> bytes:
    """``wasm`` with each of its core modules as ``optimize`` returns it, if that is smaller.

    Raises ``ShrinkError`` for what is neither a module nor a component, or is cut off.
    """
    if wasm[:8] == _MODULE:
        smaller = optimize(wasm)
        return smaller if len(smaller) < len(wasm) else wasm
    if wasm[:8] != _COMPONENT:
        raise ShrinkError(
            "the file is neither a WebAssembly module nor a component of today's format",
            mend="give what the compiler wrote, before anything is packaged or precompiled",
        )
    parts = [_COMPONENT]
    for section, content in _sections(wasm):
        if section == _CUSTOM_SECTION and _name(content) in _SPARE:
            continue
        nested = section in (_CORE_MODULE_SECTION, _COMPONENT_SECTION)
        kept = shrink(content, optimize) if nested else content
        parts += [bytes([section]), _number(len(kept)), kept]
    return b"".join(parts)


def _sections(wasm: bytes) -> Iterator[tuple[int, bytes]]:
    at = 8
    while at < len(wasm):
        section = wasm[at]
        size, at = _read_number(wasm, at + 1)
        if at + size > len(wasm):
            raise _cut_off()
        yield section, wasm[at : at + size]
        at += size


def _name(content: bytes) -> bytes:
    length, at = _read_number(content, 0)
    return content[at : at + length]


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = 0
    for position, octet in enumerate(data[at : at + _LONGEST_NUMBER]):
        value |= (octet & 0x7F) << (7 * position)
        if octet < 0x80:
            return value, at + position + 1
    raise _cut_off()


def _number(value: int) -> bytes:
    octets = bytearray()
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*octets, value])


def _cut_off() -> ShrinkError:
    return ShrinkError(
        "the program's binary ends in the middle of a section", mend="build or copy it again"
    )
