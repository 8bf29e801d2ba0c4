"""What a WebAssembly component imports and exports, read from its binary.

The binary format is that of the component model's ``design/mvp/Binary.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

MAGIC = b"\0asm"
IMPORT_SECTION = 10
EXPORT_SECTION = 11


class NotWasmError(ValueError):
    """The bytes are not a WebAssembly binary that this reader knows."""


def is_component(wasm: bytes) -> bool:
    """Whether it is a component; a core module otherwise.

    Errors: ``NotWasmError`` if it is neither.
    """
    if wasm[:4] != MAGIC or len(wasm) < 8:
        raise NotWasmError("the file does not begin like a WebAssembly binary")
    return wasm[6:8] == b"\x01\x00"


def world_of(wasm: bytes) -> dict[str, list[str]]:
    """The names of a component's ``imports`` and ``exports``, in their order.

    Errors: ``NotWasmError``.
    """
    found: dict[str, list[str]] = {"exports": [], "imports": []}
    reader = _Reader(wasm, 8)
    try:
        while reader.at < len(wasm):
            section, size = reader.byte(), reader.number()
            end = reader.at + size
            if section == IMPORT_SECTION:
                found["imports"] += reader.imports()
            elif section == EXPORT_SECTION:
                found["exports"] += reader.exports()
            reader.at = end
    except IndexError as cut:
        raise NotWasmError("the component's binary ends in the middle of a section") from cut
    return found


@dataclass
class _Reader:
    data: bytes
    at: int

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        """An unsigned LEB128 number."""
        value = shift = 0
        while True:
            octet = self.byte()
            value |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                return value

    def name(self) -> str:
        # 0 and 1 mark plain names, 2 one that a version suffix follows.
        marked = self.byte()
        length = self.number()
        text = self.data[self.at : self.at + length].decode()
        self.at += length
        if marked == 2:
            self.at += self.number()
        return text

    def imports(self) -> list[str]:
        names = []
        for _ in range(self.number()):
            names.append(self.name())
            self.described()
        return names

    def exports(self) -> list[str]:
        names = []
        for _ in range(self.number()):
            names.append(self.name())
            self.sort()
            self.number()
            if self.byte() == 1:
                self.described()
        return names

    def sort(self) -> int:
        sort = self.byte()
        if sort == 0:
            self.byte()
        return sort

    def described(self) -> None:
        """Pass over the type of an import or export."""
        match self.sort(), self.data[self.at]:
            case 3, 1:  # "any resource": nothing follows its bound
                self.byte()
                return
            case 3, 0:
                self.byte()
            case 2, _:
                raise NotWasmError("this reader knows no imported or exported values")
        self.number()
