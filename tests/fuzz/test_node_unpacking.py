"""Whatever an archive holds, a node stores whole plain files, or nothing at all."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shimyard.catalogue.archive import ArchiveError, regular_files
from tests.fuzz.archives import CONTENTS, MEMBERS, Packed, archives, compressed
from tests.fuzz.machine import TRANSACTION, Machine, Said, artifact
from tests.fuzz.profile import cases

OUTSIDE = "/var/tmp/shimyard-fuzz-outside"
_NAMES = ["tool", "x.so.1", "other"]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="shimyard-fuzz-") as folder:
        yield Machine(Path(folder))
    assert not Path(OUTSIDE).exists()


def accepted(machine: Machine, data: bytes, format: str, members: list[str]) -> Said:
    """What becomes of the archive ``data`` on the machine, of which all rules are checked."""
    wanted = artifact(data, format, dict(zip(members, _NAMES, strict=False)), size=len(data))
    machine.stage(wanted)
    before = machine.others()
    said = machine.run("accept", TRANSACTION, wanted.sha256, stdin=data)
    assert machine.others() == before
    entries = [path.name for path in machine.store.iterdir()]
    if said.code != 0:
        assert entries == []
        causes = [line[1] for line in said.lines if line[0] == "failed"]
        assert causes
        assert wanted.sha256 in causes[0]
        return said
    assert entries == [wanted.sha256]
    assert ["stored", wanted.sha256] in said.lines
    sound(machine.store / wanted.sha256, {name for _, name in wanted.members})
    return said


def sound(entry: Path, names: set[str]) -> None:
    """An entry of the store has exactly its files: plain, executable, nobody's else, as summed."""
    assert {path.name for path in entry.iterdir()} == {*names, ".sha256sums", ".inodes"}
    sums = {}
    for line in (entry / ".sha256sums").read_text().splitlines():
        digest, _, name = line.partition("  ")
        sums[name] = digest
    assert set(sums) == names
    for name in names:
        mode = (entry / name).lstat().st_mode
        assert stat.S_ISREG(mode)
        assert stat.S_IMODE(mode) == 0o755
        assert hashlib.sha256((entry / name).read_bytes()).hexdigest() == sums[name]


@cases(400, shrink=False)
@given(archives(OUTSIDE), st.data())
def test_an_archive_is_stored_whole_or_not_at_all(
    machine: Machine, packed: Packed, data: st.DataObject
) -> None:
    # What the lock names is mostly there, or nearly nothing would ever be unpacked.
    named = [name for name in packed.names if name in MEMBERS] * 3 + MEMBERS[:2]
    members = data.draw(st.lists(st.sampled_from(named), min_size=1, max_size=2, unique=True))
    said = accepted(machine, packed.data, packed.format, members)
    if said.code == 0 and packed.whole:
        entry = machine.store / hashlib.sha256(packed.data).hexdigest()
        for path in entry.iterdir():
            assert path.name.startswith(".") or path.read_bytes() in CONTENTS


@cases(150, shrink=False)
@given(archives(OUTSIDE, honest=True), st.data())
def test_what_the_controller_locks_a_node_can_store(
    machine: Machine, packed: Packed, data: st.DataObject
) -> None:
    path = machine.folder / "artifact"
    path.write_bytes(packed.data)
    try:
        names = regular_files(path, packed.format)
    except ArchiveError:
        return
    finally:
        path.unlink()
    if names:
        members = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        assert accepted(machine, packed.data, packed.format, members).code == 0


@cases(12, shrink=False)
@given(
    st.sampled_from(["tar.gz", "tar.xz"]),
    st.sampled_from(["tool", "other", "tool/x"]),
    st.integers(70, 150),
)
def test_a_bomb_does_not_fill_the_disk(
    machine: Machine, format: str, name: str, megabytes: int
) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as tar:
        small = tarfile.TarInfo("tool")
        tar.addfile(small)
        bomb = tarfile.TarInfo(name)
        bomb.size = megabytes * 1024 * 1024
        tar.fileobj.write(bomb.tobuf(tarfile.GNU_FORMAT))
        tar.fileobj.write(bytes(bomb.size))
    said = accepted(machine, compressed(plain.getvalue(), format), format, ["tool"])
    assert said.code != 0
    assert "or grows beyond" in str(said.lines)


@cases(25, shrink=False)
@given(st.integers(30, 62))
def test_a_sparse_member_does_not_fill_the_disk(machine: Machine, power: int) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("tool")
        info.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": "tool",
            "GNU.sparse.realsize": str(2**power),
        }
        block = f"1\n{2**power}\n0\n".encode().ljust(512, b"\0")
        info.size = len(block)
        tar.addfile(info, io.BytesIO(block))
    said = accepted(machine, compressed(plain.getvalue(), "tar.gz"), "tar.gz", ["tool"])
    assert said.code != 0


@cases(60, shrink=False)
@given(st.binary(max_size=200), st.integers(1, 100), st.binary(max_size=50))
def test_other_bytes_than_the_locked_ones_are_refused(
    machine: Machine, data: bytes, size: int, sent: bytes
) -> None:
    wanted = artifact(data, "raw", {"": "tool"}, size=size)
    machine.stage(wanted)
    said = machine.run("accept", TRANSACTION, wanted.sha256, stdin=sent * 50)
    if sent * 50 != data:
        assert said.code != 0
        assert list(machine.store.iterdir()) == []


@cases(120, shrink=False)
@given(
    st.sampled_from(["accept", "receive", "fetch", "discard", "apply", "launch", "nothing", ""]),
    st.lists(
        st.sampled_from(
            [TRANSACTION, "", "..", "../../x", "a" * 64, "A", "$(id)", "-x", "x y", "/"]
        ),
        max_size=3,
    ),
)
def test_no_word_of_a_call_leads_out_of_the_machines_folder(
    machine: Machine, verb: str, words: list[str]
) -> None:
    machine.stage(artifact(b"x", "raw", {"": "tool"}, size=1))
    outside = [line for line in machine.others() if str(machine.root) not in line[0]]
    if verb in {"apply", "launch"} and words[:1] and set(words[0]) <= set("0123456789abcdef"):
        # A well-formed one would ask systemd of the machine that runs the tests.
        return
    said = machine.run(verb, *words)
    after = [line for line in machine.others() if str(machine.root) not in line[0]]
    assert after == outside
    assert said.code == 0 or [line for line in said.lines if line[0] == "failed"]
