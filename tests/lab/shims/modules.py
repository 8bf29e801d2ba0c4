"""Tiny WASI 0.1 modules for the tests to run, assembled byte by byte: no compiler is needed.

Source: WebAssembly core specification 2.0, chapter 5 (binary format).
"""

from __future__ import annotations

import struct

_HEADER = b"\0asm\x01\0\0\0"
_I32 = b"\x7f"
_WASI = "wasi_snapshot_preview1"
_IOVEC = 16  # where the text's address and length are; the count of written bytes goes to 8


def printing(text: str, code: int) -> bytes:
    """A module that writes ``text`` to its stdout and exits with ``code`` (0 to 127)."""
    write = _const(1) + _const(_IOVEC) + _const(1) + _const(8) + b"\x10\x00\x1a"
    leave = _const(code) + b"\x10\x01"
    return _module(write + leave + b"\x0b", text)


def endless() -> bytes:
    """A module that says "running" and then computes without a pause."""
    write = _const(1) + _const(_IOVEC) + _const(1) + _const(8) + b"\x10\x00\x1a"
    return _module(write + b"\x03\x40\x0c\x00\x0b" + b"\x0b", "running\n")


def hungry() -> bytes:
    """A module that takes memory, page by page, and writes to each, until there is none left."""
    # The old number of pages is where the new one begins: local 0, shifted by 16 bits.
    grow = _const(1) + b"\x40\x00" + b"\x21\x00"
    full = b"\x20\x00" + b"\x41\x7f" + b"\x46" + b"\x0d\x00"
    store = b"\x20\x00" + b"\x41\x10" + b"\x74" + _const(1) + b"\x36\x02\x00"
    return _module(b"\x03\x40" + grow + full + store + b"\x0c\x00\x0b" + b"\x0b", "", variables=1)


def trapping() -> bytes:
    """A module that runs into `unreachable`."""
    return _module(b"\x00\x0b", "")


def _module(body: bytes, text: str, *, variables: int = 0) -> bytes:
    """``variables``: local ones of the body, all i32."""
    declared = _vector(bytes([variables]) + _I32) if variables else _vector()
    function_types = _vector(
        b"\x60" + _vector(_I32, _I32, _I32, _I32) + _vector(_I32),
        b"\x60" + _vector(_I32) + _vector(),
        b"\x60" + _vector() + _vector(),
    )
    imports = _vector(
        _name(_WASI) + _name("fd_write") + b"\x00\x00",
        _name(_WASI) + _name("proc_exit") + b"\x00\x01",
    )
    exports = _vector(_name("memory") + b"\x02\x00", _name("_start") + b"\x00\x02")
    data = struct.pack("<II", _IOVEC + 8, len(text)) + text.encode()
    return (
        _HEADER
        + _section(1, function_types)
        + _section(2, imports)
        + _section(3, _vector(b"\x02"))
        + _section(5, _vector(b"\x00\x01"))
        + _section(7, exports)
        + _section(10, _vector(_sized(declared + body)))
        + _section(11, _vector(b"\x00" + _const(_IOVEC) + b"\x0b" + _sized(data)))
    )


def _const(value: int) -> bytes:
    """`i32.const`; a signed LEB128 number, so a second byte from 64 on."""
    number = bytes([value]) if value < 64 else bytes([value & 0x7F | 0x80, value >> 7])
    return b"\x41" + number


def _section(number: int, content: bytes) -> bytes:
    return bytes([number]) + _sized(content)


def _vector(*items: bytes) -> bytes:
    return bytes([len(items)]) + b"".join(items)


def _name(text: str) -> bytes:
    return _sized(text.encode())


def _sized(content: bytes) -> bytes:
    """With its length in front: one byte holds what these modules need."""
    if len(content) > 127:
        raise ValueError(f"{len(content)} bytes are too many for one byte of length")
    return bytes([len(content)]) + content
