"""The K3s stand-in's artifacts: named as K3s' own, in two versions one minor apart."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest

from lab.builds.go import GoProgram
from lab.builds.inventory import recipes
from lab.k3s.recipes import ASSETS, FOLDER, MAGIC, append_bundle, k3s_recipes


def test_an_upgrade_test_finds_two_versions_one_minor_apart_and_the_newest_first() -> None:
    newer, older = (each.version for each in k3s_recipes("amd64"))
    assert newer.endswith("+k3s1")
    assert older.endswith("+k3s1")
    (major, minor), (older_major, older_minor) = (
        [int(part) for part in version.split(".")[:2]] for version in (newer, older)
    )
    assert (older_major, older_minor) == (major, minor - 1)


@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_the_program_is_named_as_k3s_release_asset_and_installed_as_k3s(arch: str) -> None:
    for recipe in k3s_recipes("arm64" if arch == "arm64" else "amd64"):
        assert recipe.file_name == ASSETS[recipe.arch]
        assert (recipe.unpack.format, dict(recipe.unpack.files)) == ("raw", {"": "k3s"})


def test_each_artifact_has_a_cache_key_of_its_own_and_machines_alone_need_none() -> None:
    keys = [each.key for arch in ("amd64", "arm64") for each in k3s_recipes(arch)]
    assert len(set(keys)) == len(keys)
    assert [each.name for each in recipes() if each.name == "k3s"] == []


def test_a_change_of_a_source_is_a_new_artifact_and_one_of_a_test_is_not(tmp_path: Path) -> None:
    for name in ("go.mod", "go.sum", "main.go"):
        (tmp_path / name).write_text(name)
    before = GoProgram(tmp_path).inputs
    (tmp_path / "main_test.go").write_text("a test")
    assert GoProgram(tmp_path).inputs == before
    (tmp_path / "more.go").write_text("a source")
    assert GoProgram(tmp_path).inputs != before


def test_both_versions_are_built_from_the_same_sources() -> None:
    first, second = (
        [path for path in GoProgram(FOLDER, pins).inputs if isinstance(path, Path)]
        for pins in ("go.mod", "go-1.35.mod")
    )
    assert [path.name for path in first[:2]] == ["go.mod", "go.sum"]
    assert [path.name for path in second[:2]] == ["go-1.35.mod", "go-1.35.sum"]
    assert first[2:] == second[2:]
    assert FOLDER / "main.go" in first


def test_the_bundle_is_found_behind_the_programs_own_bytes(tmp_path: Path) -> None:
    program, bundle = tmp_path / "k3s", tmp_path / "bundle.tar.gz"
    program.write_bytes(b"the program")
    bundle.write_bytes(gzip.compress(b"the bundle"))
    append_bundle(program, bundle)
    content = program.read_bytes()
    assert content.startswith(b"the program")
    assert content[-len(MAGIC) :] == MAGIC
    (length,) = struct.unpack(">Q", content[-len(MAGIC) - 8 : -len(MAGIC)])
    end = len(content) - len(MAGIC) - 8
    assert gzip.decompress(content[end - length : end]) == b"the bundle"


def test_its_first_line_says_that_it_is_a_stand_in() -> None:
    assert "stand-in" in (FOLDER / "main.go").read_text().splitlines()[0]
