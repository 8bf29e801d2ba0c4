"""What a preview shows of files, and what counts as a change of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from shimyard.provider.messages import ApplyRequest
from shimyard.provider.node_files import NodeFilesResource
from shimyard.provider.values import UNKNOWN, Secret
from tests.unit.node.precompiled_programs import precompiled
from tests.unit.provider.engine import URN, KeptLog, changes, check, checked, node


def inputs(*files: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {"node": node(), "name": "site", "files": list(files), **changed}


def test_a_changed_content_is_a_change_that_restarts_nothing(
    node_files: NodeFilesResource, log: KeptLog
) -> None:
    old = checked(node_files, inputs({"path": "/etc/x", "content": "1\n"}))
    new = checked(node_files, inputs({"path": "/etc/x", "content": "2\n"}), old)
    found = changes(node_files, old, new)
    assert found["files[0].content"] == "update"
    assert found['digests["/etc/x"].sha256'] == "update"
    assert log.kept == ["bench-1: nothing restarts"]


def test_a_changed_file_below_a_source_folder_is_a_change(
    node_files: NodeFilesResource, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/a.bin").write_text("1")
    news = inputs({"path": "/opt/models", "source": "models"})
    old = checked(node_files, news)
    assert list(old["digests"]) == ["/opt/models/a.bin"]
    assert changes(node_files, old, checked(node_files, news, old)) == {}
    (tmp_path / "models/a.bin").write_text("2")
    (tmp_path / "models/b.bin").write_text("3")
    found = changes(node_files, old, checked(node_files, news, old))
    assert found['digests["/opt/models/a.bin"].sha256'] == "update"
    assert found['digests["/opt/models/b.bin"]'] == "add"


def test_a_source_must_have_the_digest_that_is_stated(
    node_files: NodeFilesResource, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/vad.onnx").write_text("model")
    meant = hashlib.sha256(b"model").hexdigest()
    file = {"path": "/opt/vad.onnx", "source": "models/vad.onnx"}
    checked(node_files, inputs({**file, "sha256": meant}))
    ((path, reason),) = check(node_files, inputs({**file, "sha256": "ab" * 32})).failures
    assert path == "files[0].sha256"
    assert f"is {'ab' * 32}, and models/vad.onnx has {meant}; bring the file" in reason
    folder = {"path": "/opt/models", "source": "models", "sha256": meant}
    ((path, reason),) = check(node_files, inputs(folder)).failures
    assert "is of one file, and models is a folder" in reason


def test_a_secret_content_and_its_digest_stay_secret(node_files: NodeFilesResource) -> None:
    shown = checked(node_files, inputs({"path": "/etc/k", "secretContent": Secret("canary")}))
    assert "canary" not in repr(shown)
    assert isinstance(shown["digests"]["/etc/k"], Secret)
    assert shown["digests"]["/etc/k"].value["mode"] == "0600"


def test_an_unknown_content_is_unknown_in_the_preview(node_files: NodeFilesResource) -> None:
    shown = checked(node_files, inputs({"path": "/etc/x", "content": UNKNOWN}))
    assert shown["digests"] is UNKNOWN
    state = node_files.apply(ApplyRequest(URN, "", shown, preview=True)).state
    assert state["paths"] is UNKNOWN


def test_another_name_is_another_thing_on_the_machine(node_files: NodeFilesResource) -> None:
    file = {"path": "/etc/x", "content": "1\n"}
    old = checked(node_files, inputs(file))
    new = checked(node_files, inputs(file, name="models"), old)
    assert changes(node_files, old, new)["name"] == "replace"


@pytest.mark.parametrize(
    ("changed", "path", "words"),
    [
        ({"name": "../site"}, "name", "is not a DNS label"),
        ({"name": None}, "name", "should be text"),
        ({"node": node(arch="mips")}, "node.arch", "should be one of"),
        ({"files": [{"path": "etc", "content": ""}]}, "files[0].path", "start it with '/'"),
        ({"files": [{"path": "/etc", "source": "odd"}]}, "files", "rename the file"),
        ({"files": [{"path": "/etc/x"}]}, "files[0]", "set exactly one of content"),
        ({"files": [{"path": "/etc/x", "source": "no"}]}, "", "correct source"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_the_mend(
    node_files: NodeFilesResource, tmp_path: Path, changed: dict[str, Any], path: str, words: str
) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/a\tb").touch()
    ((where, reason),) = check(node_files, inputs(**changed)).failures
    assert where == path
    assert words in reason


def test_a_source_that_changes_while_up_runs_is_noticed(
    node_files: NodeFilesResource, tmp_path: Path
) -> None:
    (tmp_path / "model").write_text("1")
    shown = checked(node_files, inputs({"path": "/opt/model", "source": "model"}))
    (tmp_path / "model").write_text("2")
    with pytest.raises(Exception, match="a source of the files site has changed"):
        node_files.desired(shown, recorded=False)
    (tmp_path / "model").unlink()
    recorded = node_files.desired(shown, recorded=True)
    assert [file.path for file in recorded.files] == ["/opt/model"]


@pytest.mark.parametrize(
    ("wanted", "arch", "refusal"),
    [
        ("45.0.1", "amd64", None),
        ("44.0.0", "amd64", ("files[1].source", "precompiledFor is wasmtime 44.0.0")),
        ("45.0.1", "arm64", ("files[1].source", "the node is arm64")),
        (None, "amd64", ("files[1].precompiledFor", "set precompiledFor")),
    ],
)
def test_a_program_for_another_engine_is_refused_in_the_preview(
    node_files: NodeFilesResource,
    tmp_path: Path,
    wanted: str | None,
    arch: str,
    refusal: tuple[str, str] | None,
) -> None:
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps/app.cwasm").write_bytes(precompiled("45"))
    program: dict[str, Any] = {"path": "/opt/apps", "source": "apps"}
    if wanted is not None:
        program["precompiledFor"] = {"version": wanted}
    news = inputs({"path": "/etc/x", "content": ""}, program, node=node(arch=arch))
    failures = check(node_files, news).failures
    assert [path for path, _ in failures] == ([] if refusal is None else [refusal[0]])
    assert all(refusal is not None and refusal[1] in words for _, words in failures)
