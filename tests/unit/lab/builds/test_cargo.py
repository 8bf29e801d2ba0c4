"""Building with cargo: what a machine lacks is named, and sources decide the cache key."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.builds.cargo import CargoWorkspace, ensure_target, intermediate_folder, rustc_version
from lab.builds.errors import BuildError
from toolchain.cache import digest


@pytest.fixture(autouse=True)
def _forget_the_compiler() -> None:
    rustc_version.cache_clear()


def fake_rustc(folder: Path, sysroot: Path) -> None:
    """A stand-in for rustc that knows its sysroot and its version, and nothing else."""
    program = folder / "rustc"
    program.write_text(f'#!/bin/sh\n[ "$1" = --print ] && echo {sysroot} || echo rustc 9\n')
    program.chmod(0o755)


def test_a_machine_without_rust_is_told_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(BuildError, match="rustc is not on PATH"):
        rustc_version()


def test_a_target_that_is_there_asks_nothing_of_rustup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib/rustlib/wasm32-wasip2").mkdir(parents=True)
    fake_rustc(tmp_path, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    ensure_target("wasm32-wasip2")


def test_a_missing_target_without_rustup_says_both_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_rustc(tmp_path, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="wasm32-wasip2") as refused:
        ensure_target("wasm32-wasip2")
    assert "rustup" in refused.value.mend
    assert "distribution" in refused.value.mend


def test_a_changed_source_is_built_anew_and_a_build_folder_counts_for_nothing(
    tmp_path: Path,
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    for name in ("Cargo.toml", "Cargo.lock", "package/main.rs"):
        (tmp_path / name).write_text(name)
    workspace = CargoWorkspace(tmp_path, packages=(package,))
    before = digest(*workspace.inputs)
    (package / "target").mkdir()
    (package / "target/output").write_text("x")
    assert digest(*workspace.inputs) == before
    (package / "main.rs").write_text("changed")
    assert digest(*workspace.inputs) != before


def test_gigabytes_of_intermediate_files_stay_only_where_a_developer_wants_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, kept = tmp_path / "out", tmp_path / "kept"
    out.mkdir()
    monkeypatch.delenv("CARGO_TARGET_DIR", raising=False)
    with intermediate_folder(out) as folder:
        (folder / "object").write_text("x")
    assert list(out.iterdir()) == []
    monkeypatch.setenv("CARGO_TARGET_DIR", str(kept))
    with intermediate_folder(out) as folder:
        assert folder == kept
