"""Whatever a lock file says, the answer is artifacts, or an error that names the entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shimyard.catalogue import Artifact, LockFileError
from shimyard.catalogue.catalogue import BUILT_IN_LOCK
from shimyard.catalogue.lockfile import read_lock, write_lock
from shimyard.catalogue.sources import mirror_path
from tests.fuzz.answers import answer
from tests.fuzz.places import places, removed, renamed, replaced
from tests.fuzz.profile import cases
from tests.fuzz.texts import encodable, json_junk, one_of

ENTRY: dict[str, Any] = {
    "name": "shim",
    "version": "1.0.0",
    "arch": "amd64",
    "url": "https://vendor.lab/shim.tar.gz",
    "sha256": "a" * 64,
    "size": 10,
    "unpack": {"format": "tar.gz", "files": {"./bin/shim": "shim"}},
    "checksum_source": "the vendor",
    "signature": {"kind": "cosign-keyless", "identity": "me", "issuer": "you"},
}
BUILT_IN = json.loads(BUILT_IN_LOCK.read_text())["artifacts"]
LOCK: dict[str, Any] = {"version": 1, "artifacts": [*BUILT_IN[:2], ENTRY]}
PLACES = list(places(LOCK))
TEXT = json.dumps(LOCK, indent=1)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "artifacts.lock.json"


def read(path: Path, content: bytes) -> list[Artifact] | LockFileError:
    path.write_bytes(content)
    answered = answer(lambda: read_lock(path), LockFileError)
    if isinstance(answered, LockFileError):
        assert answered.problems
        assert str(path) in str(answered)
        return answered
    assert isinstance(answered, list)
    for artifact in answered:
        harmless(artifact)
    return answered


def harmless(artifact: Artifact) -> None:
    """No name of an accepted entry leads out of the folder that it is meant for."""
    inside = Path("/mirror")
    assert inside in (inside / mirror_path(artifact.url)).resolve().parents
    for member, name in artifact.unpack.files.items():
        assert Path("/store/x", name).parent == Path("/store/x")
        assert not {"", ".", ".."} & {name}
        assert Path("/raw") in Path("/raw", member or "x").resolve().parents
        assert not {"\n", "\t", "\0"} & set(member + name)


@cases(1_200)
@given(one_of(PLACES), json_junk)
def test_junk_in_one_field_gets_a_message(path: Path, place: Any, value: object) -> None:
    read(path, json.dumps(replaced(LOCK, place, value)).encode())


@cases(400)
@given(one_of(PLACES), one_of(PLACES), encodable)
def test_a_field_that_is_missing_or_misspelt_gets_a_message(
    path: Path, gone: Any, moved: Any, name: str
) -> None:
    read(path, json.dumps(removed(LOCK, gone)).encode())
    read(path, json.dumps(renamed(LOCK, moved, name)).encode())


@cases(500)
@given(st.integers(0, len(TEXT)), st.binary(max_size=20), st.integers(0, 60))
def test_a_damaged_lock_gets_a_message(path: Path, start: int, content: bytes, length: int) -> None:
    text = TEXT.encode()
    read(path, text[:start] + content + text[start + length :])


@cases(300)
@given(st.one_of(st.binary(max_size=60), json_junk.map(lambda value: json.dumps(value).encode())))
def test_junk_instead_of_a_lock_gets_a_message(path: Path, content: bytes) -> None:
    read(path, content)


LARGE = [
    b"[" * 900_000, b'{"a":' * 500_000, b"9" * 900_000, b"[" + b"{}," * 900_000 + b"{}]",
    b'{"version": 1, "artifacts": [' + b"{}," * 900_000 + b"{}]}",
    b'{"version": 1, "artifacts": [' + b"{}," * 4_000 + b"{}]}",
    b'{"version": 1, "artifacts": [' + b'{"x": 1, "y": 2},' * 4_000 + b"{}]}",
    b'{"' + b"x" * 3_000_000 + b'": 1}', b'{"version": ' + b"1" * 5_000 + b', "artifacts": []}',
    b'{"version": 1, "artifacts": [], ' + b",".join(b'"k%d": 1' % n for n in range(90_000)) + b"}",
    b" " * 5_000_000, b"\0" * 1_000_000, b'"' + b"\\ud800" * 300_000 + b'"',
]  # fmt: skip


@cases(26)
@given(st.integers(0, len(LARGE) - 1), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_a_large_lock_is_answered_at_once(path: Path, which: int, before: bytes) -> None:
    read(path, before + LARGE[which])


@st.composite
def artifacts(draw: st.DrawFn) -> list[Artifact]:
    """Valid entries with unusual words in them."""
    found: dict[object, Artifact] = {}
    for _ in range(draw(st.integers(0, 4))):
        entry = {
            **ENTRY,
            "version": f"{draw(st.integers(0, 9))}.0.0",
            "arch": draw(st.sampled_from(["amd64", "arm64"])),
            "checksum_source": draw(encodable),
            "size": draw(st.one_of(st.none(), st.integers(1, 2**40))),
        }
        files = draw(st.dictionaries(encodable, st.sampled_from(["a", "b.so", "c+d"]), max_size=2))
        try:
            artifact = Artifact.model_validate(
                {**entry, "unpack": {"format": "tar.xz", "files": files or {"x": "x"}}}
            )
        except ValidationError:
            continue
        found[artifact.key] = artifact
    return list(found.values())


@cases(400)
@given(artifacts())
def test_what_is_locked_is_read_back(path: Path, entries: list[Artifact]) -> None:
    write_lock(path, entries)
    assert read(path, path.read_bytes()) == entries
