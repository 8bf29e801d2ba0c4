"""Choosing a Pulumi that the machine already has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.toolchain.stand_ins import install_pulumi
from toolchain.errors import NotOnPathError
from toolchain.on_path import from_path
from toolchain.version import Version

MINIMUM = Version(3, 246, 0)


def test_a_new_enough_pulumi_with_its_language_host_is_used(tmp_path: Path) -> None:
    folder = install_pulumi(tmp_path / "vendor", "v3.260.1")
    found = from_path(MINIMUM, str(folder))
    assert (found.pulumi, found.origin) == (folder / "pulumi", "path")
    assert found.version == Version(3, 260, 1)


def test_an_old_pulumi_is_not_used_and_the_reason_names_both_versions(tmp_path: Path) -> None:
    folder = install_pulumi(tmp_path / "old", "v3.99.0")
    with pytest.raises(
        NotOnPathError, match=r"is 3\.99\.0, this project needs 3\.246\.0"
    ) as caught:
        from_path(MINIMUM, str(folder))
    assert caught.value.found == folder / "pulumi"


def test_a_pulumi_without_a_language_host_is_not_used(tmp_path: Path) -> None:
    folder = install_pulumi(tmp_path / "bare", "v3.260.0", host=False)
    with pytest.raises(NotOnPathError, match="without pulumi-language-python"):
        from_path(MINIMUM, str(folder))


def test_a_symlinked_pulumi_finds_the_host_beside_the_real_one(tmp_path: Path) -> None:
    folder = install_pulumi(tmp_path / "opt", "v3.260.0")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(folder / "pulumi")
    found = from_path(MINIMUM, str(tmp_path / "bin"))
    assert found.language_host == folder / "pulumi-language-python"


def test_a_pulumi_that_prints_nonsense_is_not_used(tmp_path: Path) -> None:
    folder = install_pulumi(tmp_path / "broken", "segmentation fault")
    with pytest.raises(NotOnPathError, match="does not tell its version"):
        from_path(MINIMUM, str(folder))


def test_an_empty_path_says_that_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotOnPathError, match="there is none") as caught:
        from_path(MINIMUM, str(tmp_path))
    assert caught.value.found is None


def test_our_own_cache_on_path_does_not_count_as_the_machines(tmp_path: Path, cache: Path) -> None:
    own = install_pulumi(tmp_path / "cache/outputs/pulumi-bundle/bin", "v3.300.0")
    assert own.is_relative_to(cache)
    vendor = install_pulumi(tmp_path / "vendor", "v3.250.0")
    found = from_path(MINIMUM, os.pathsep.join([str(own), str(vendor)]))
    assert found.pulumi.parent == vendor
