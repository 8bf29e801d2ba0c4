"""Programs as Wasmtime's ahead-of-time compiler wraps them, without any code in them.

A stand-in for `wasmtime compile`, which this machine may not have: the header, the names of the
sections, and the section of the engine, as wasmtime's src/engine/serialization.rs describes them.
"""

from __future__ import annotations

import struct

SECTION = ".wasmtime.engine"


def precompiled(
    version: str = "45",
    target: str = "x86_64-unknown-linux-gnu",
    *,
    component: bool = True,
    section: str = SECTION,
    layout: int = 0,
) -> bytes:
    """The bytes of a `.cwasm`."""
    engine = bytes([layout, len(version)]) + version.encode()
    engine += bytes([len(target)]) + target.encode() + b"\0\0rest"
    names = f"\0{section}\0.shstrtab\0".encode()
    engine_at, names_at = 64, 64 + len(engine)
    table = names_at + len(names)
    header = b"\x7fELF\x02\x01\x01\xc8" + bytes(8)
    header += struct.pack("<HHIQQQI", 1, 0, 1, 0, 0, table, 2 if component else 1)
    header += struct.pack("<HHHHHH", 64, 0, 0, 64, 3, 2)
    rows = [
        (0, 0, 0, 0),
        (1, 1, engine_at, len(engine)),
        (names.index(b".shstrtab"), 3, names_at, len(names)),
    ]
    sections = b"".join(
        struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, at, size, 0, 0, 1, 0)
        for name, kind, at, size in rows
    )
    return header + engine + names + sections
