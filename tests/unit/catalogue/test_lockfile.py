"""Lock files: every mistake names file, entry, field and mend; a reader never sees half a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shimyard.catalogue import Artifact, LockFileError
from shimyard.catalogue.lockfile import MAX_ENTRIES, read_lock, write_lock
from tests.unit.catalogue.test_artifact import ENTRY, entry


def written(path: Path, document: Any) -> Path:
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text, encoding="utf-8")
    return path


def lock(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "artifacts": list(entries)}


def test_what_is_written_is_read_in_the_same_order(tmp_path: Path) -> None:
    items = [
        Artifact.model_validate(entry(version=version, size=None))
        for version in ("2.2.1", "2.0.7", "2.1.6")
    ]
    path = tmp_path / "new" / "artifacts.lock.json"

    write_lock(path, items)

    assert read_lock(path) == items
    assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "lock.json", lock(ENTRY))
    before = path.read_bytes()

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_lock(path, [])

    assert path.read_bytes() == before
    assert [child.name for child in tmp_path.iterdir()] == ["lock.json"]


@pytest.mark.parametrize(
    ("document", "fact"),
    [
        ("", "line 1, column 1: is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "should be a table"),
        ("{}", "version: is missing; add it"),
        ({"version": 2, "artifacts": []}, "version: should be one of: 1"),
        ({"version": 1}, "artifacts: is missing; add it"),
        ('{"version": 1, "version": 1, "artifacts": []}', "the key 'version' stands twice"),
        (lock(ENTRY, entry(sha256="b" * 64)), "artifacts[1]: containerd 2.2.1 amd64 stands alread"),
        (lock(entry(size=2**70)), "artifacts[0].size (containerd 2.2.1 amd64): should be less"),
        ('{"\u00b2": 1, "version": 1, "artifacts": [{}]}', "\u00b2: there is no such field"),
        (lock(entry(sha256="xyz")), "artifacts[0].sha256 (containerd 2.2.1 amd64): is no SHA-256"),
        (lock({}), "artifacts[0].name (? ? ?): is missing; add it"),
        (lock(entry(sha265="x")), "there is no such field; did you mean 'sha256'?"),
        (lock(entry(unpack={"format": "raw", "files": {}})), "artifacts[0].unpack.files"),
    ],
)
def test_a_wrong_lock_names_file_entry_and_mend(tmp_path: Path, document: Any, fact: str) -> None:
    path = written(tmp_path / "artifacts.lock.json", document)

    with pytest.raises(LockFileError) as caught:
        read_lock(path)

    assert fact in str(caught.value)
    assert str(path) in str(caught.value)
    assert "mend: " in str(caught.value)


def test_a_missing_lock_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(LockFileError) as caught:
        read_lock(tmp_path / "none.json")

    assert "there is no such file" in str(caught.value)
    assert "python -m shimyard.catalogue lock" in caught.value.mend


def test_a_file_that_is_no_text_or_a_folder_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for path in (binary, tmp_path):
        with pytest.raises(LockFileError):
            read_lock(path)


def test_a_lock_of_very_many_entries_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "lock.json", lock(*[{}] * (MAX_ENTRIES + 1)))

    with pytest.raises(LockFileError) as caught:
        read_lock(path)

    assert str(caught.value).count("\n") < 60


def test_a_device_that_never_ends_is_refused() -> None:
    with pytest.raises(LockFileError, match="larger"):
        read_lock(Path("/dev/zero"))
