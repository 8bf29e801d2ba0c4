"""The lock that comes with Shimyard, and the stacks that rely on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shimyard.catalogue import BUILT_IN_LOCK, Artifact, Catalogue, artifacts_of_node
from shimyard.catalogue.lockfile import read_lock, write_lock
from shimyard.catalogue.vendors import release_of
from shimyard.settings.stackfile import read_stack_file

ROOT = Path(__file__).parents[3]
ENTRIES = read_lock(BUILT_IN_LOCK)


def name_of(artifact: Artifact) -> str:
    return "-".join(artifact.key)


@pytest.mark.parametrize("artifact", ENTRIES, ids=name_of)
def test_an_entry_says_where_its_checksum_was_read(artifact: Artifact) -> None:
    assert artifact.checksum_source.startswith("https://")
    assert artifact.url.startswith("https://")


@pytest.mark.parametrize("artifact", ENTRIES, ids=name_of)
def test_an_entry_has_the_address_and_the_files_that_the_lock_command_would_give_it(
    artifact: Artifact,
) -> None:
    release = release_of(*artifact.key)

    assert release is not None
    assert (release.url, release.format) == (artifact.url, artifact.unpack.format)
    assert release.pick(list(artifact.unpack.files)) == artifact.unpack.files


def test_what_runs_on_both_architectures_is_locked_for_both() -> None:
    versions = {(item.name, item.version) for item in ENTRIES}

    for name, version in versions:
        arches = {item.arch for item in ENTRIES if (item.name, item.version) == (name, version)}
        assert arches == {"amd64", "arm64"}, f"{name} {version}"


def test_no_two_entries_have_the_same_digest() -> None:
    assert len({item.sha256 for item in ENTRIES}) == len(ENTRIES)


def test_the_file_is_formatted_as_the_lock_command_writes_it(tmp_path: Path) -> None:
    write_lock(tmp_path / "again.json", ENTRIES)

    assert (tmp_path / "again.json").read_bytes() == BUILT_IN_LOCK.read_bytes()


@pytest.mark.parametrize("stack", ["dev", "edge-production"])
def test_a_shipped_stack_previews_without_any_lock_of_its_own(stack: str) -> None:
    settings = read_stack_file(ROOT / "stacks" / f"Pulumi.{stack}.yaml")
    catalogue = Catalogue.load()

    for node in settings.nodes:
        for need in artifacts_of_node(settings, node):
            assert catalogue.find(*need)
