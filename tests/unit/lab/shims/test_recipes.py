"""The shims' artifacts: named as their vendor's, in two versions that sort as they should."""

from __future__ import annotations

import re

import pytest

from lab.builds.errors import BuildError
from lab.shims import recipes
from lab.shims.recipes import VERSIONS, shim_recipes

SEMVER = re.compile(r"(\d+)\.(\d+)\.(\d+)-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)")


def test_an_upgrade_test_finds_two_versions_and_the_newest_first() -> None:
    wasmtime = [each for each in shim_recipes("amd64") if each.name == "containerd-shim-wasmtime"]
    assert [each.version for each in wasmtime] == list(VERSIONS)
    newer, older = (SEMVER.fullmatch(version) for version in VERSIONS)
    assert newer is not None
    assert older is not None
    assert newer.groups()[:3] == older.groups()[:3]
    assert int(newer[4].split(".")[-1]) > int(older[4].split(".")[-1])


@pytest.mark.parametrize(("arch", "triple"), [("amd64", "x86_64"), ("arm64", "aarch64")])
def test_archives_are_named_and_laid_out_as_the_vendors(arch: str, triple: str) -> None:
    for recipe in shim_recipes("arm64" if arch == "arm64" else "amd64"):
        assert recipe.file_name == f"{recipe.name}-{triple}-linux-gnu.tar.gz"
        assert recipe.unpack.format == "tar.gz"
        assert dict(recipe.unpack.files) == {f"{recipe.name}-v1": f"{recipe.name}-v1"}


def test_each_artifact_has_a_cache_key_of_its_own() -> None:
    keys = [each.key for arch in ("amd64", "arm64") for each in shim_recipes(arch)]
    assert len(set(keys)) == len(keys)


def test_only_one_shim_is_started_early() -> None:
    """The others wait for its build: beside it, they would only hold a place in the queue."""
    assert sum(each.cold_seconds > 60 for each in shim_recipes("amd64")) == 1


def test_another_architecture_is_refused_before_anything_is_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(BuildError, match=r"arm64 can't be built on this x86_64 machine"):
        recipes.require_native("arm64")
    recipes.require_native("amd64")


def test_a_machine_without_libseccomp_is_told_which_packages_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(BuildError, match="libseccomp-dev"):
        recipes.require_libseccomp()
