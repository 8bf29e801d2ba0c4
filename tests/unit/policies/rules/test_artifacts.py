"""Nothing without a digest that a lock states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from policies.rules.artifacts import locked_artifacts
from policies.subject import Violation
from policies.values import UNKNOWN
from shimyard.catalogue import Catalogue
from tests.unit.policies.subjects import runtime, subject

RUNC = Catalogue.load().find("runc", "1.3.4", "amd64")


def found(artifacts: Any, **more: Any) -> list[Violation]:
    return list(locked_artifacts(runtime(artifacts, **more), {}))


def test_what_the_lock_states_passes() -> None:
    assert not found({"runc": {"version": "1.3.4", "sha256": RUNC.sha256}})


def test_an_artifact_without_a_digest_is_refused() -> None:
    (one,) = found({"runc": {"version": "1.3.4", "sha256": ""}})
    assert one.where == "artifacts.runc"
    assert "python -m shimyard.catalogue lock runc 1.3.4" in one.mend


def test_another_digest_than_the_locks_is_refused() -> None:
    (one,) = found({"runc": {"version": "1.3.4", "sha256": "0" * 64}})
    assert RUNC.sha256 in one.reason


def test_another_machines_digest_is_another_one() -> None:
    assert found({"runc": {"version": "1.3.4", "sha256": RUNC.sha256}}, arch="arm64")


def test_a_version_that_no_lock_has_is_refused() -> None:
    (one,) = found({"runc": {"version": "9.9.9", "sha256": "0" * 64}})
    assert "runc 9.9.9 for amd64 is in no artifact lock" in one.reason


def test_a_lock_that_can_not_be_read_is_said() -> None:
    (one,) = found(
        {"runc": {"version": "1.3.4", "sha256": RUNC.sha256}},
        sources={"lockFiles": [str(Path("/nowhere/artifacts.lock.json"))]},
    )
    assert one.where == "sources.lockFiles"
    assert "/nowhere/artifacts.lock.json" in one.reason


def test_what_is_not_known_yet_is_not_judged() -> None:
    assert not found(UNKNOWN)
    assert not found({"runc": {"version": UNKNOWN, "sha256": UNKNOWN}})


def test_a_file_from_a_url_needs_a_digest() -> None:
    url = "https://models.example.com/defects.onnx"

    def files(**more: Any) -> list[Violation]:
        entry = {"path": "/opt/models/defects.onnx", "url": url, **more}
        return list(locked_artifacts(subject("shimyard:node:NodeFiles", {"files": [entry]}), {}))

    (one,) = files()
    assert one.where == "files, /opt/models/defects.onnx"
    assert url in one.reason
    assert not files(sha256="0a" * 32)
    assert not files(sha256=UNKNOWN)


def test_other_resources_are_left_alone() -> None:
    strange = {"artifacts": {"x": {"version": "1", "sha256": ""}}}
    assert not list(locked_artifacts(subject("acme:x:Y", strange), {}))
