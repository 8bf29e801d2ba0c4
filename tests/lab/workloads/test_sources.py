"""The own tests of what the lab builds pass, run by the compilers that build it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab.builds.go import GoProgram
from lab.commands import run
from lab.gateway.recipe import BRIDGE, FILTER
from lab.ingress.recipe import FOLDER as INGRESS
from lab.k3s.recipes import FOLDER as K3S
from lab.nn.recipe import SPEECH
from lab.shims.recipes import FOLDER as SHIMS
from lab.spin.recipe import OPERATOR
from lab.workloads.recipe import CRATES, FILEPROC

SECONDS = 600.0


@pytest.mark.parametrize(
    "folder", [FILEPROC, INGRESS, BRIDGE, OPERATOR, K3S], ids=lambda folder: folder.name
)
def test_the_modules_own_tests_pass(folder: Path) -> None:
    GoProgram(folder).test()


@pytest.mark.parametrize(
    ("manifest", "package"),
    [
        (CRATES.folder / "Cargo.toml", "gate"),
        (CRATES.folder / "Cargo.toml", "greeter"),
        (FILTER / "Cargo.toml", "sensor_filter"),
        (SHIMS / "Cargo.toml", "compile-lock"),
        (SPEECH.folder / "Cargo.toml", "speech"),
    ],
)
def test_the_crates_own_tests_pass(manifest: Path, package: str, tmp_path: Path) -> None:
    argv = ["cargo", "test", "--locked", "--package", package, "--manifest-path", str(manifest)]
    run(argv, seconds=SECONDS, env={**os.environ, "CARGO_TARGET_DIR": str(tmp_path)})
