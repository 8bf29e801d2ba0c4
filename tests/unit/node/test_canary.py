"""The canaries are what they claim to be: read byte by byte, and run where this machine can."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import struct
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from shimyard.node.canary import (
    MESSAGE,
    NATIVE_IMAGE,
    WASM_IMAGE,
    native_canary,
    wasm_canary,
)

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}


def unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]


def image(archive: bytes) -> tuple[dict[str, Any], dict[str, Any], dict[str, bytes]]:
    """The index entry, the config, and the files of the one layer; digests are checked."""
    files = unpacked(archive)
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}

    def blob(descriptor: dict[str, Any]) -> bytes:
        content = files[f"blobs/sha256/{descriptor['digest'].removeprefix('sha256:')}"]
        assert hashlib.sha256(content).hexdigest() == descriptor["digest"].removeprefix("sha256:")
        assert len(content) == descriptor["size"]
        return content

    (entry,) = json.loads(files["index.json"])["manifests"]
    manifest = json.loads(blob(entry))
    config = json.loads(blob(manifest["config"]))
    (layer,) = manifest["layers"]
    assert config["rootfs"]["diff_ids"] == [layer["digest"]]
    return entry, config, unpacked(blob(layer))


def leb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            return value, at


def test_the_wasm_image_is_for_wasi_and_named() -> None:
    entry, config, files = image(wasm_canary())
    assert entry["annotations"]["io.containerd.image.name"] == WASM_IMAGE
    assert entry["platform"] == {"os": "wasi", "architecture": "wasm"}
    assert (config["os"], config["architecture"]) == ("wasi", "wasm")
    assert config["config"]["Entrypoint"] == ["/canary.wasm"]
    assert set(files) == {"canary.wasm"}


def test_the_module_has_just_the_sections_that_print_one_line() -> None:
    module = image(wasm_canary())[2]["canary.wasm"]
    assert module[:8] == b"\0asm\x01\0\0\0"
    at, sections = 8, {}
    while at < len(module):
        number = module[at]
        size, start = leb(module, at + 1)
        sections[number] = module[start : start + size]
        at = start + size
    assert at == len(module)
    # Types, imports, functions, memory, exports, code, data: in the order of the specification.
    assert list(sections) == [1, 2, 3, 5, 7, 10, 11]
    assert sections[1] == bytes.fromhex("02 60 04 7f 7f 7f 7f 01 7f 60 00 00")
    assert sections[2] == b"\x01\x16wasi_snapshot_preview1\x08fd_write\x00\x00"
    assert sections[3] == b"\x01\x01"
    assert sections[5] == b"\x01\x00\x01"
    assert sections[7] == b"\x02\x06memory\x02\x00\x06_start\x00\x01"
    count, at = leb(sections[10], 0)
    size, at = leb(sections[10], at)
    body = sections[10][at:]
    assert (count, size) == (1, len(body))
    # No locals; i32.const 1, 0, 1, 64; call 0; drop; end.
    assert body == bytes.fromhex("00 41 01 41 00 41 01 41 c0 00 10 00 1a 0b")
    # One active segment at 0: an iovec that leads to the line behind it.
    assert sections[11][:5] == bytes.fromhex("01 00 41 00 0b")
    size, at = leb(sections[11], 5)
    segment = sections[11][at:]
    assert size == len(segment)
    offset, length = struct.unpack("<II", segment[:8])
    assert segment[offset : offset + length] == f"{MESSAGE}\n".encode()


@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_the_native_image_is_for_linux_and_a_static_program(arch: Any) -> None:
    entry, config, files = image(native_canary(arch))
    assert entry["annotations"]["io.containerd.image.name"] == NATIVE_IMAGE
    assert (config["os"], config["architecture"]) == ("linux", arch)
    assert config["config"]["Entrypoint"] == ["/canary"]
    program = files["canary"]
    assert program[:5] == b"\x7fELF\x02"
    kind, machine = struct.unpack_from("<HH", program, 16)
    assert (kind, machine) == (2, 0x3E if arch == "amd64" else 0xB7)
    (entry_point,) = struct.unpack_from("<Q", program, 24)
    kind, flags, offset, address, _, size, memory, _ = struct.unpack_from("<IIQQQQQQ", program, 64)
    assert (kind, flags, offset, size, memory) == (1, 5, 0, len(program), len(program))
    assert address < entry_point < address + size
    assert program.endswith(f"{MESSAGE}\n".encode())


def test_the_arm_program_finds_its_message() -> None:
    program = image(native_canary("arm64"))[2]["canary"]
    words = struct.unpack("<8I", program[120 : 120 + 32])
    high, low = words[1] >> 5 & 0x7FFFF, words[1] >> 29 & 3
    assert program[120 + 4 + (high << 2 | low) :] == f"{MESSAGE}\n".encode()


@pytest.mark.skipif(platform.machine() not in ARCH, reason="another architecture")
def test_the_native_program_prints_its_line_and_ends_well(tmp_path: Path) -> None:
    files = image(native_canary(ARCH[platform.machine()]))[2]  # type: ignore[arg-type]
    path = tmp_path / "canary"
    path.write_bytes(files["canary"])
    path.chmod(0o755)
    done = subprocess.run([path], capture_output=True, timeout=10, check=False, env=os.environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{MESSAGE}\n".encode(), b"")


def test_a_canary_is_the_same_each_time() -> None:
    assert wasm_canary() == wasm_canary()
    assert native_canary("amd64") == native_canary("amd64")
