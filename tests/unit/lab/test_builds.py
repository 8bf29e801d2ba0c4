"""What the lab builds: archives, recipes and the lock, without building anything real."""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.builds.archive import pack
from lab.builds.errors import BuildError
from lab.builds.go import MODULES, GoModule
from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.builds.recipe import Recipe, Unpack


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIMYARD_CACHE", str(tmp_path / "cache"))


def recipe(
    version: str = "1.0.0",
    *,
    inputs: tuple[str, ...] = ("go1.26",),
    make: Callable[[Path], None] | None = None,
    cold_seconds: int = 0,
) -> Recipe:
    def write(out: Path) -> None:
        (out / "tool").write_bytes(b"the program")

    return Recipe(
        name="tool",
        version=version,
        arch="amd64",
        file_name="tool",
        unpack=Unpack("raw", {"": "tool"}),
        inputs=inputs,
        make=make or write,
        cold_seconds=cold_seconds,
    )


def test_an_archive_of_the_same_programs_keeps_its_checksum(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for number, folder in enumerate((first, second)):
        folder.mkdir()
        for name in ("b", "a") if number else ("a", "b"):
            (folder / name).write_bytes(name.encode() * 1000)
            (folder / name).chmod(0o700 if number else 0o644)
    pack(tmp_path / "1.tar.gz", {"bin/a": first / "a", "bin/b": first / "b"})
    pack(tmp_path / "2.tar.gz", {"bin/b": second / "b", "bin/a": second / "a"})

    archive = (tmp_path / "1.tar.gz").read_bytes()
    assert archive == (tmp_path / "2.tar.gz").read_bytes()
    assert archive[4:8] == bytes(4), "gzip's own header holds a time too"


def test_an_archive_unpacks_to_executable_programs_of_root(tmp_path: Path) -> None:
    (tmp_path / "ctr").write_bytes(b"program")
    pack(tmp_path / "it.tar.gz", {"bin/ctr": tmp_path / "ctr"})

    with tarfile.open(tmp_path / "it.tar.gz") as tar:
        (member,) = tar.getmembers()
    assert (member.name, member.mode, member.uid, member.gid, member.mtime) == (
        "bin/ctr",
        0o755,
        0,
        0,
        0,
    )


def test_a_second_lab_up_builds_nothing_again() -> None:
    made: list[Path] = []

    def make(out: Path) -> None:
        made.append(out)
        (out / "tool").write_bytes(b"x")

    once = recipe(make=make).build()
    again = recipe(make=make).build()

    assert once == again
    assert len(made) == 1


def test_a_new_compiler_builds_anew() -> None:
    assert recipe(inputs=("go1.26",)).key != recipe(inputs=("go1.27",)).key


def test_a_build_that_leaves_no_file_is_not_kept() -> None:
    def forget(out: Path) -> None:
        (out / "other").touch()

    with pytest.raises(FileNotFoundError):
        recipe(make=forget).build()

    assert recipe().build().path.read_bytes() == b"the program"


def test_the_lock_names_url_checksum_size_and_unpacking(tmp_path: Path) -> None:
    built = build_all(wanted=[recipe("2.0.0"), recipe("1.0.0")])
    built.write_lock(tmp_path / "artifacts.lock.json", "http://10.213.0.1:8081/")

    lock = json.loads((tmp_path / "artifacts.lock.json").read_text())
    assert lock["version"] == 1
    assert [entry["version"] for entry in lock["artifacts"]] == ["1.0.0", "2.0.0"]
    entry = lock["artifacts"][0]
    assert entry.pop("checksum_source")
    assert entry == {
        "name": "tool",
        "version": "1.0.0",
        "arch": "amd64",
        "url": "http://10.213.0.1:8081/tool/1.0.0/tool",
        "sha256": hashlib.sha256(b"the program").hexdigest(),
        "size": 11,
        "unpack": {"format": "raw", "files": {"": "tool"}},
        "signature": None,
    }


def test_the_mirror_finds_each_artifact_where_the_lock_says(tmp_path: Path) -> None:
    built = build_all(wanted=[recipe()])
    built.publish(tmp_path)
    built.publish(tmp_path)

    assert (tmp_path / "tool/1.0.0/tool").read_bytes() == b"the program"


def test_of_two_versions_the_newest_is_found_first() -> None:
    built = BuiltArtifacts((recipe("2.0.0").build(), recipe("1.0.0").build()))

    assert built.find("tool").version == "2.0.0"
    assert built.find("tool", "1.0.0").version == "1.0.0"
    with pytest.raises(BuildError, match=r"tool 3\.0\.0.*\n.*tool 2\.0\.0, tool 1\.0\.0"):
        built.find("tool", "3.0.0")


def test_a_failed_build_ends_lab_up_with_its_own_error() -> None:
    def fail(out: Path) -> None:
        raise BuildError("no compiler", mend="install one")

    with pytest.raises(BuildError, match="no compiler"):
        build_all(wanted=[recipe("1.0.0", make=fail), recipe("2.0.0")])


def test_long_builds_start_first(monkeypatch: pytest.MonkeyPatch) -> None:
    # One at a time, so that the order of starts is the order that the builds see.
    monkeypatch.setattr("lab.builds.inventory.BUILDS_AT_ONCE", 1)
    order: list[str] = []

    def make(version: str) -> Callable[[Path], None]:
        def write(out: Path) -> None:
            order.append(version)
            (out / "tool").touch()

        return write

    lengths = {"short": 1, "longest": 400, "long": 60}
    built = build_all(
        wanted=[recipe(each, make=make(each), cold_seconds=lengths[each]) for each in lengths]
    )

    assert order == ["longest", "long", "short"]
    assert [artifact.version for artifact in built] == list(lengths)


@pytest.mark.parametrize("folder", sorted(each.name for each in MODULES.iterdir()))
def test_every_go_module_is_pinned_with_hashes(folder: str) -> None:
    assert (MODULES / folder / "go.sum").stat().st_size > 0
    # A folder in the place of a module would have no hash.
    replaced = re.findall(r"=> (.*)", (MODULES / folder / "go.mod").read_text())
    assert all(re.fullmatch(r"\S+ v\S+", each) for each in replaced)


def test_a_go_module_knows_its_pinned_version() -> None:
    assert GoModule("runc", "github.com/opencontainers/runc").version[0].isdigit()
    with pytest.raises(BuildError, match=r"pins no example\.org/absent"):
        _ = GoModule("runc", "example.org/absent").version


def test_the_lab_offers_two_containerd_versions_in_the_vendors_layout() -> None:
    containerds = [each for each in recipes("amd64") if each.name == "containerd"]

    assert len({each.version for each in containerds}) == 2
    for each in containerds:
        assert each.file_name == f"containerd-{each.version}-linux-amd64.tar.gz"
        assert set(each.unpack.files) == {
            "bin/containerd",
            "bin/containerd-shim-runc-v2",
            "bin/ctr",
        }


def test_the_lab_offers_every_artifact_that_a_node_needs() -> None:
    names = {each.name for each in recipes("amd64")}

    assert names >= {"containerd", "runc", "cni-plugins", "containerd-shim-wasmtime"}
