"""A precompiled program is told from other files, and says which engine and machine it is for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from shimyard.node.desired import File
from shimyard.node.precompiled import Precompiled, is_precompiled, misfit, read_precompiled
from shimyard.settings import Arch, PrecompiledFor
from tests.unit.node.precompiled_programs import precompiled

WANTED = PrecompiledFor(version="45.0.1")


def file(content: bytes) -> File:
    digest = hashlib.sha256(content).hexdigest()
    return File("/opt/app.cwasm", digest, "0644", "root", "root", content=content)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (precompiled(), Precompiled("component", "45", "x86_64-unknown-linux-gnu")),
        (
            precompiled("27.0.0", "aarch64-unknown-linux-gnu", component=False),
            Precompiled("module", "27.0.0", "aarch64-unknown-linux-gnu"),
        ),
    ],
)
def test_engine_and_target_are_read(content: bytes, told: Precompiled) -> None:
    assert is_precompiled(content)
    assert read_precompiled(content) == told


@pytest.mark.parametrize(
    "content",
    [b"", b"\0asm\x01\0\0\0", Path("/bin/sh").read_bytes()[:4096], b"\x7fELF", b"a text\n"],
)
def test_other_files_are_nobodys_business(content: bytes) -> None:
    assert not is_precompiled(content)
    assert misfit([file(content)], None, "amd64") is None


@pytest.mark.parametrize("version", ["45", "45.0.1"])
def test_a_program_of_the_engine_and_the_architecture_fits(version: str) -> None:
    assert misfit([file(precompiled(version))], WANTED, "amd64") is None


@pytest.mark.parametrize(
    ("content", "wanted", "arch", "words"),
    [
        (precompiled("44"), WANTED, "amd64", ["Wasmtime 44", "45.0.1", "`wasmtime compile`"]),
        (precompiled("45.0.0"), WANTED, "amd64", ["Wasmtime 45.0.0", "45.0.1"]),
        (precompiled("4"), WANTED, "amd64", ["Wasmtime 4 ", "45.0.1"]),
        (precompiled(), WANTED, "arm64", ["x86_64-unknown-linux-gnu", "arm64", "aarch64-linux"]),
        (precompiled(), None, "amd64", ["Wasmtime 45", "set precompiledFor"]),
        (b"\0asm\x01\0\0\0", WANTED, "amd64", ["no program", "remove precompiledFor"]),
        (precompiled(section=".text"), WANTED, "amd64", [".wasmtime.engine", "compile it anew"]),
        (precompiled(layout=1), WANTED, "amd64", ["does not know", "compile it anew"]),
    ],
)
def test_what_does_not_fit_is_told_with_both_versions_and_the_mend(
    content: bytes, wanted: PrecompiledFor | None, arch: Arch, words: list[str]
) -> None:
    told = misfit([file(content)], wanted, arch) or ""
    assert [word for word in words if word not in told] == []


@pytest.mark.parametrize("cut", [8, 40, 63, 80, 110, 200])
def test_a_damaged_program_is_refused_at_any_cut(cut: int) -> None:
    content = precompiled()[:cut]
    assert "compile it anew" in (misfit([file(content)], WANTED, "amd64") or "")


def test_sources_are_read_as_contents_are(tmp_path: Path) -> None:
    source = tmp_path / "app.cwasm"
    source.write_bytes(precompiled("44"))
    on_disk = File("/opt/app.cwasm", "0" * 64, "0644", "root", "root", source=source)
    assert "Wasmtime 44" in (misfit([on_disk], WANTED, "amd64") or "")
