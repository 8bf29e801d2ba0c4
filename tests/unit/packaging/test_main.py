"""The command says by how much, and what is missing.

The program here is a stand-in for wasm-opt: a script that answers for its version, and writes a
fixed module. The real one shrinks a real component in tests/engine/benchmarks/test_wasm.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from shimyard.packaging.__main__ import main

MODULE = b"\0asm\x01\0\0\0"


def stand_in(folder: Path, version: str, body: str) -> str:
    path = folder / "wasm-opt"
    answer = f'if [ "$1" = --version ]; then echo "{version}"; exit; fi\n'
    path.write_text(f"#!/bin/sh\n{answer}{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "in.wasm"
    path.write_bytes(MODULE + b"x" * 1000)
    return path


def test_the_smaller_program_is_written_and_both_sizes_are_told(
    tmp_path: Path, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "small").write_bytes(MODULE)
    writes = f'while [ "$1" != -o ]; do shift; done; cp {tmp_path}/small "$2"'
    tool = stand_in(tmp_path, "wasm-opt version 132 (version_132)", writes)
    out = tmp_path / "out.wasm"
    assert main([str(program), str(out), "--wasm-opt", tool]) == 0
    assert out.read_bytes() == MODULE
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].startswith("before  1,008")
    assert shown[2].startswith("after   8 ")


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("wasm-opt version 108", "is version 108, and 121 or newer is needed"),
        ("optipng 1.0", "is not wasm-opt: optipng 1.0"),
        ("wasm-opt version 132", "no gc here"),
    ],
)
def test_a_tool_that_does_not_do_is_told_with_the_mend_and_nothing_is_written(
    tmp_path: Path, program: Path, capsys: pytest.CaptureFixture[str], version: str, words: str
) -> None:
    out = tmp_path / "out.wasm"
    tool = stand_in(tmp_path, version, "echo 'no gc here' >&2; exit 1")
    assert main([str(program), str(out), "--wasm-opt", tool]) == 1
    told = capsys.readouterr().err
    assert words in told
    assert "mend: " in told
    assert not out.exists()


def test_without_the_tool_it_is_told_where_to_get_it(
    tmp_path: Path, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "none")
    assert main([str(program), str(tmp_path / "out"), "--wasm-opt", missing]) == 1
    assert "npm install binaryen" in capsys.readouterr().err
