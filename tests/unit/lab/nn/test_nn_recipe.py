"""The shim with WASI-NN: what is in its archive, and that its sources are the other shim's."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lab.nn import wheels
from lab.nn.recipe import FOLDER, LIBRARY, shim_with_nn
from lab.shims.recipes import FOLDER as SHIMS
from lab.shims.recipes import shim_recipes

BINARY = "containerd-shim-wasmtime-v1"


def test_the_library_lies_beside_the_shim() -> None:
    recipe = shim_with_nn("amd64")
    assert dict(recipe.unpack.files) == {BINARY: BINARY, LIBRARY: LIBRARY}
    assert recipe.name == "containerd-shim-wasmtime"
    assert recipe.version not in {each.version for each in shim_recipes("amd64")}


def test_what_it_is_compiled_from_decides_its_key() -> None:
    """A change of the other shim's sources, which it takes, is a change of this one."""
    inputs = [each for each in shim_with_nn("amd64").inputs if isinstance(each, Path)]
    taken = re.findall(r'#\[path = "([^"]+)"\]', (FOLDER / "shim/src/main.rs").read_text())
    assert len(taken) == 6
    for path in taken:
        source = (FOLDER / "shim/src" / path).resolve()
        assert source.is_file()
        assert any(source.is_relative_to(each) for each in inputs), path


def test_both_shims_have_the_same_engine_and_framework() -> None:
    found = [
        {
            each["name"]: each["version"]
            for each in tomllib.loads((folder / "Cargo.lock").read_text())["package"]
            if each["name"] in ("wasmtime", "wasmtime-wasi-http", "containerd-shim-wasm")
        }
        for folder in (SHIMS, FOLDER)
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 3


def test_a_wheel_is_fetched_by_its_digest_and_one_file_is_taken_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[list[str]] = []

    def pip(argv: list[str], **_: Any) -> str:
        asked.append(argv)
        folder = Path(argv[argv.index("--dest") + 1])
        with zipfile.ZipFile(folder / "silero_vad-6.2.3-py3-none-any.whl", "w") as wheel:
            wheel.writestr("silero_vad/data/a.onnx", "model")
        return ""

    monkeypatch.setattr(wheels, "run", pip)
    wheels.take_out("silero_vad", {"silero_vad/data/a.onnx": tmp_path / "a.onnx"}, "arm64")
    assert (tmp_path / "a.onnx").read_text() == "model"
    (argv,) = asked
    assert "--require-hashes" in argv
    assert argv[argv.index("--platform") + 1] == "manylinux_2_28_aarch64"
    pinned = wheels.PINNED.read_text()
    assert len(re.findall(r"==", pinned)) == 2
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", pinned)) == 3
