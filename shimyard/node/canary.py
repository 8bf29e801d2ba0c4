"""Tiny containers that prove a runtime handler: they print one line and exit 0.

Both programs are assembled here, byte by byte, so that a canary needs neither a compiler nor a
registry. Sources: WebAssembly core specification 2.0 (binary format), the WASI preview 1
`fd_write`, the ELF-64 specification and Linux' system call numbers.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
from typing import Literal

MESSAGE = "shimyard canary"
WASM_IMAGE = "shimyard.invalid/canary-wasm:1"
NATIVE_IMAGE = "shimyard.invalid/canary-native:1"

_LINE = f"{MESSAGE}\n".encode()
_LOAD_ADDRESS = 0x400000
_ELF_HEADERS = 64 + 56


def wasm_canary() -> bytes:
    """An OCI layout (tar) of an image for platform wasi/wasm with a WASI preview 1 module."""
    return _image(WASM_IMAGE, "wasi", "wasm", "canary.wasm", _wasm_module())


def native_canary(arch: Literal["amd64", "arm64"]) -> bytes:
    """An OCI layout (tar) of an image for linux/``arch`` with a static ELF program."""
    code = _amd64_code() if arch == "amd64" else _arm64_code()
    machine = 0x3E if arch == "amd64" else 0xB7
    return _image(NATIVE_IMAGE, "linux", arch, "canary", _elf(machine, code + _LINE))


def _wasm_module() -> bytes:
    def vector(*items: bytes) -> bytes:
        return bytes([len(items)]) + b"".join(items)

    def name(text: str) -> bytes:
        return bytes([len(text)]) + text.encode()

    def section(number: int, body: bytes) -> bytes:
        return bytes([number, len(body)]) + body

    i32 = b"\x7f"
    types = vector(b"\x60" + vector(i32, i32, i32, i32) + vector(i32), b"\x60\x00\x00")
    imports = vector(name("wasi_snapshot_preview1") + name("fd_write") + b"\x00\x00")
    functions = vector(b"\x01")
    memories = vector(b"\x00\x01")
    exports = vector(name("memory") + b"\x02\x00", name("_start") + b"\x00\x01")
    # fd_write(stdout, iovec at 0, one iovec, count to 64); drop; end
    body = b"\x00" + b"\x41\x01" + b"\x41\x00" + b"\x41\x01" + b"\x41\xc0\x00" + b"\x10\x00\x1a\x0b"
    code = vector(bytes([len(body)]) + body)
    iovec = struct.pack("<II", 8, len(_LINE))
    content = iovec + _LINE
    data = vector(b"\x00\x41\x00\x0b" + bytes([len(content)]) + content)
    return (
        b"\0asm\x01\0\0\0"
        + section(1, types)
        + section(2, imports)
        + section(3, functions)
        + section(5, memories)
        + section(7, exports)
        + section(10, code)
        + section(11, data)
    )


def _amd64_code() -> bytes:
    write = b"\xb8\x01\0\0\0" + b"\xbf\x01\0\0\0"  # mov eax, 1; mov edi, 1
    length = b"\xba" + struct.pack("<I", len(_LINE)) + b"\x0f\x05"  # mov edx, len; syscall
    leave = b"\xb8\x3c\0\0\0" + b"\x31\xff" + b"\x0f\x05"  # mov eax, 60; xor edi, edi; syscall
    after_lea = len(length) + len(leave)
    lea = b"\x48\x8d\x35" + struct.pack("<i", after_lea)  # lea rsi, [rip + rest]
    return write + lea + length + leave


def _arm64_code() -> bytes:
    def mov(register: int, value: int) -> int:
        return 0xD2800000 | value << 5 | register

    svc = 0xD4000001
    words = [mov(0, 1), 0, mov(2, len(_LINE)), mov(8, 64), svc, mov(0, 0), mov(8, 93), svc]
    distance = (len(words) - 1) * 4
    words[1] = 0x10000000 | (distance & 3) << 29 | (distance >> 2) << 5 | 1  # adr x1, message
    return struct.pack(f"<{len(words)}I", *words)


def _elf(machine: int, content: bytes) -> bytes:
    size = _ELF_HEADERS + len(content)
    entry = _LOAD_ADDRESS + _ELF_HEADERS
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, _LOAD_ADDRESS, _LOAD_ADDRESS, size, size, 0x1000)
    return ident + header + load + content


def _image(name: str, os: str, arch: str, program: str, content: bytes) -> bytes:
    layer = _tar({program: content}, mode=0o755)
    config = _json(
        {
            "os": os,
            "architecture": arch,
            "config": {"Entrypoint": [f"/{program}"], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    )
    prefix = "application/vnd.oci.image"
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": f"{prefix}.manifest.v1+json",
            "config": _descriptor(f"{prefix}.config.v1+json", config),
            "layers": [_descriptor(f"{prefix}.layer.v1.tar", layer)],
        }
    )
    entry = _descriptor(f"{prefix}.manifest.v1+json", manifest) | {
        "platform": {"os": os, "architecture": arch},
        "annotations": {"io.containerd.image.name": name},
    }
    index = {"schemaVersion": 2, "mediaType": f"{prefix}.index.v1+json", "manifests": [entry]}
    blobs = {f"blobs/sha256/{_digest(b)[7:]}": b for b in (layer, config, manifest)}
    layout = _json({"imageLayoutVersion": "1.0.0"})
    return _tar({"oci-layout": layout, "index.json": _json(index), **blobs}, mode=0o644)


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _tar(files: dict[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
