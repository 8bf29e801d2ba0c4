"""A transaction's tar holds what the node's program reads, and nothing that has changed since."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from shimyard.node.bundle import SourceError, bundle
from shimyard.node.desired import DesiredState, File, Link
from shimyard.node.facts import Facts
from shimyard.node.planning import plan
from shimyard.node.removal import removal
from tests.unit.node.states import runtime


def contents(chunks: bytes) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(chunks)) as archive:
        for member in archive:
            assert member.isfile()
            assert (member.mode, member.uid) == (0o600, 0)
            file = archive.extractfile(member)
            assert file is not None
            found[member.name] = file.read()
    return found


def test_a_first_transaction_has_everything_in_it() -> None:
    desired = runtime()
    steps = plan(desired, Facts())
    found = contents(b"".join(bundle(steps, desired, desired.resource)))
    assert b"recover boot" in found.pop("shimyard-recover.service")
    assert found.pop("resource") == b"container-runtime"
    assert found.pop("plan").decode().splitlines() == [op.line() for op in steps.operations]
    manifest = found.pop("manifest").decode().splitlines()
    assert "store\tcontainerd-2.4.2" in manifest
    assert "unit\tcontainerd.service" in manifest
    assert found.pop("artifacts").decode().splitlines()[:3] == [
        "artifact\tcontainerd-2.4.2\t1000\ttar.gz",
        "url\tcontainerd-2.4.2\thttps://mirror/containerd/2.4.2",
        "member\tcontainerd-2.4.2\tbin/containerd\tcontainerd",
    ]
    assert found.pop("files/0") == desired.files[0].content
    assert found.pop("files/1") == desired.files[1].content
    assert set(found) == {"files/canary-runc.tar", "files/canary-wasmtime.tar"}


def test_a_bundled_artifact_has_no_url_and_a_raw_one_no_member(tmp_path: Path) -> None:
    desired = runtime()
    artifacts = tuple(replace(a, bundle=tmp_path / "x", size=None) for a in desired.artifacts)
    desired = replace(desired, artifacts=artifacts)
    text = contents(b"".join(bundle(plan(desired, Facts()), desired, "r")))["artifacts"].decode()
    assert "url\t" not in text
    assert "artifact\trunc-1.5.2\t-\traw\n" in text
    assert "member\trunc-1.5.2\t-\trunc\n" in text


def test_a_removal_says_so_and_sends_no_files() -> None:
    steps = removal("container-runtime", Facts.converged(runtime()))
    found = contents(b"".join(bundle(steps, None, "container-runtime")))
    assert set(found) == {
        "shimyard-recover.service", "resource", "plan", "artifacts", "deletes"
    }  # fmt: skip


def of_source(source: Path, content: bytes) -> DesiredState:
    digest = hashlib.sha256(content).hexdigest()
    return DesiredState("files", files=(File("/opt/model", digest, source=source),))


def test_a_large_file_goes_in_pieces(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096 + b"end"
    (tmp_path / "model").write_bytes(content)
    desired = of_source(tmp_path / "model", content)
    chunks = list(bundle(plan(desired, Facts()), desired, "files"))
    assert max(len(chunk) for chunk in chunks) <= 256 * 1024
    assert contents(b"".join(chunks))["files/0"] == content


def test_a_file_that_changed_or_went_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"other")
    desired = of_source(tmp_path / "model", b"wanted")
    with pytest.raises(SourceError, match=r"model \(for /opt/model\): has changed"):
        b"".join(bundle(plan(desired, Facts()), desired, "files"))
    (tmp_path / "model").unlink()
    with pytest.raises(SourceError, match="can't be read: No such file"):
        b"".join(bundle(plan(desired, Facts()), desired, "files"))


def test_a_name_that_no_line_can_carry_is_refused() -> None:
    desired = DesiredState("x", links=(Link("/a", "/b\nfile\t/etc/passwd"),))
    with pytest.raises(ValueError, match="tab or a line end"):
        b"".join(bundle(plan(desired, Facts()), desired, "x"))


def test_texts_travel_compressed_and_a_model_as_it_is(tmp_path: Path) -> None:
    desired = DesiredState("files", files=(File.of("/etc/x", "the same line\n" * 5000),))
    assert len(b"".join(bundle(plan(desired, Facts()), desired, "files"))) < 5000
    content = b"the same line\n" * 5000
    (tmp_path / "model").write_bytes(content)
    model = of_source(tmp_path / "model", content)
    sent = b"".join(bundle(plan(model, Facts()), model, "files"))
    assert content[:1000] in sent
