"""Finding artifacts: later locks win, and a missing one comes with the command that locks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shimyard.catalogue import Artifact, ArtifactNotLocked, Catalogue, artifacts_of
from shimyard.catalogue.lockfile import write_lock
from shimyard.settings import parse
from tests.unit.catalogue.test_artifact import entry
from tests.unit.settings.stacks import VALID, WHERE, accepted


def lock_of(path: Path, *entries: dict[str, object]) -> Path:
    write_lock(path, [Artifact.model_validate(item) for item in entries])
    return path


def test_a_later_lock_wins_over_an_earlier_one_and_over_the_built_in_one(tmp_path: Path) -> None:
    first = lock_of(tmp_path / "a.json", entry(sha256="a" * 64), entry(version="9.0.0"))
    second = lock_of(tmp_path / "b.json", entry(sha256="b" * 64))

    catalogue = Catalogue.load([first, second])

    assert catalogue.find("containerd", "2.2.1", "amd64").sha256 == "b" * 64
    assert catalogue.find("containerd", "9.0.0", "amd64").sha256 == "a" * 64
    assert Catalogue.load().find("containerd", "2.2.1", "amd64").sha256 not in {"a" * 64, "b" * 64}


def test_a_missing_artifact_comes_with_the_command_that_locks_it() -> None:
    with pytest.raises(ArtifactNotLocked) as caught:
        Catalogue.load().find("containerd", "2.9.9", "arm64")

    command = "python -m shimyard.catalogue lock containerd 2.9.9 --arch arm64"
    assert caught.value.mend == f"choose a locked version, or lock this one: {command}"
    assert "locked for arm64: 2.0.7, 2.1.5, 2.1.6, 2.2.0, 2.2.1" in str(caught.value)


def test_a_name_without_any_lock_comes_with_the_command_that_locks_it() -> None:
    with pytest.raises(ArtifactNotLocked) as caught:
        Catalogue([]).find("runc", "1.3.4", "amd64")

    assert caught.value.mend == "lock it: python -m shimyard.catalogue lock runc 1.3.4 --arch amd64"
    assert caught.value.locked == []


def test_versions_are_listed_by_number_and_not_by_letter() -> None:
    versions = ["1.10.0", "1.9.0", "1.9.0-rc.2", "1.9.0-rc.10", "1.9.0+k3s2", "1.9.0+k3s10"]
    catalogue = Catalogue([Artifact.model_validate(entry(version=one)) for one in versions])

    assert catalogue.versions("containerd", "amd64") == [
        "1.9.0-rc.2",
        "1.9.0-rc.10",
        "1.9.0",
        "1.9.0+k3s2",
        "1.9.0+k3s10",
        "1.10.0",
    ]


def test_a_machine_needs_its_runtime_shims_and_engines_once() -> None:
    runtime = parse(VALID, where=WHERE).runtime

    assert artifacts_of(runtime, "arm64") == [
        ("containerd", "2.2.1", "arm64"),
        ("runc", "1.3.4", "arm64"),
        ("cni-plugins", "1.8.0", "arm64"),
        ("containerd-shim-wasmtime", "0.6.1", "arm64"),
        ("wasmtime", "45.0.1", "arm64"),
    ]


def test_two_handlers_of_one_shim_need_it_once_and_plugins_come_with_their_engine() -> None:
    second = {"name": "wasmtime", "version": "0.6.1", "handler": "other"}
    assert len(artifacts_of(accepted("runtime.shims[1]", second).runtime, "amd64")) == 5

    engine = {"name": "wasmedge", "version": "0.17.1", "plugins": ["wasi-nn"]}
    names = [
        need.name for need in artifacts_of(accepted("runtime.engines[0]", engine).runtime, "amd64")
    ]
    assert names[-2:] == ["wasmedge", "wasmedge-plugin-wasi-nn"]


def test_no_cni_plugins_are_needed_where_none_are_asked_for() -> None:
    runtime = accepted("runtime.cniPlugins", None).runtime

    assert "cni-plugins" not in [need.name for need in artifacts_of(runtime, "amd64")]
