"""Guests that try to do one thing, as WASI 0.1 modules, written byte by byte.

Source of the format: the WebAssembly core specification 2.0, chapter 5.
"""

from __future__ import annotations

# WASI's numbers of errors: wasi_snapshot_preview1, `errno`. Wasmtime tells a guest of a read-only
# file system that it is an error of input and output.
DONE, FORBIDDEN, READ_ONLY = 0, 63, 29

_I32, _FUNC, _FUNCTION, _MEMORY = b"\x7f", b"\x60", b"\x00", b"\x02"
_CALL, _END, _LOOP, _AGAIN = b"\x10", b"\x0b", b"\x03\x40", b"\x0c\x00"
_GROW, _SHIFT_LEFT, _FILL = b"\x40\x00", b"\x74", b"\xfc\x0b\x00"
_PAGES = 16


def makes_a_folder(path: str) -> bytes:
    """A guest that makes a folder, and ends with WASI's number of what came of it.

    ``path``: in the container's root, without the first '/'.
    """
    text = path.encode()
    # path_create_directory(the root, where the text is, its length), proc_exit(what that gave)
    start = _const(3) + _const(0) + _const(len(text)) + _CALL + b"\x00" + _CALL + b"\x01"
    wasi = [("path_create_directory", 0), ("proc_exit", 1)]
    types = [_FUNC + _vector(_I32 * 3, 3) + _vector(_I32, 1), _FUNC + _vector(_I32, 1) + b"\x00"]
    return _module(types, wasi, start, data=text)


def grows() -> bytes:
    """A guest that takes another MiB of memory and writes to it, again and again."""
    size = _const(_PAGES)
    where = size + _GROW + size + _SHIFT_LEFT
    return _module([], [], _LOOP + where + _const(1) + _const(_PAGES << 16) + _FILL + _AGAIN + _END)


def _module(
    types: list[bytes], wasi: list[tuple[str, int]], start: bytes, data: bytes = b""
) -> bytes:
    imports = [
        _name("wasi_snapshot_preview1") + _name(name) + _FUNCTION + bytes([kind])
        for name, kind in wasi
    ]
    own = len(imports)
    exports = [_name("memory") + _MEMORY + b"\x00", _name("_start") + _FUNCTION + bytes([own])]
    body = b"\x00" + start + _END
    sections = [
        (1, _list([*types, _FUNC + b"\x00\x00"])),
        (2, _list(imports)),
        (3, _vector(bytes([len(types)]), 1)),
        (5, _vector(b"\x00\x01", 1)),
        (7, _list(exports)),
        (10, _vector(_vector(body, len(body)), 1)),
    ]
    if data:
        sections.append((11, _vector(b"\x00" + _const(0) + _END + _vector(data, len(data)), 1)))
    parts = [bytes([number]) + _vector(content, len(content)) for number, content in sections]
    return b"\x00asm\x01\x00\x00\x00" + b"".join(parts)


def _list(items: list[bytes]) -> bytes:
    return _vector(b"".join(items), len(items))


def _vector(content: bytes, count: int) -> bytes:
    return _number(count) + content


def _name(text: str) -> bytes:
    return _vector(text.encode(), len(text))


def _const(value: int) -> bytes:
    return b"\x41" + _number(value, signed=True)


def _number(value: int, *, signed: bool = False) -> bytes:
    """LEB128 of a number that is not negative."""
    parts = []
    while value >= (0x40 if signed else 0x80):
        parts.append(0x80 | value & 0x7F)
        value >>= 7
    return bytes([*parts, value])
