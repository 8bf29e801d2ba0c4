"""Archives of strangers are listed, and refused if unpacking them could do harm."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from shimyard.catalogue import archive
from shimyard.catalogue.archive import ArchiveError, read_members, regular_files
from tests.unit.catalogue.vendor_stand_in import member, tar


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "x.tar.gz"


def test_an_honest_archive_is_listed_as_it_spells_its_members(file: Path) -> None:
    link = member("lib/libx.so", type=tarfile.SYMTYPE, linkname="libx.so.1")
    folder = member("./bin", type=tarfile.DIRTYPE)
    file.write_bytes(tar({"./bin/x": b"x", "lib/libx.so.1": b"y"}, link, folder))

    assert regular_files(file, "tar.gz") == ["./bin/x", "lib/libx.so.1"]


def test_an_xz_archive_is_listed(file: Path) -> None:
    file.write_bytes(tar({"a/x": b"x"}, compress="xz"))

    assert regular_files(file, "tar.xz") == ["a/x"]


def test_members_are_read_with_their_content(file: Path) -> None:
    file.write_bytes(tar({"a": b"1", "b": b"2", "c": b"3"}))

    found = {name: content.read() for name, content in read_members(file, "tar.gz", {"a", "c"})}

    assert found == {"a": b"1", "c": b"3"}


@pytest.mark.parametrize(
    ("hostile", "fact"),
    [
        (member("/etc/passwd"), "is outside of the folder"),
        (member("../x"), "is outside of the folder"),
        (member("a/../../x"), "is outside of the folder"),
        (member("l", type=tarfile.SYMTYPE, linkname="/etc"), "is a link out of the folder"),
        (member("l", type=tarfile.SYMTYPE, linkname="../x"), "is a link out of the folder"),
        (member("a/l", type=tarfile.SYMTYPE, linkname="../../x"), "is a link out of the folder"),
        (member("l", type=tarfile.LNKTYPE, linkname="/etc/shadow"), "is a link out of the folder"),
        (member("a/l", type=tarfile.LNKTYPE, linkname="../x"), "is a link out of the folder"),
        (member("d", type=tarfile.CHRTYPE), "is a device or a pipe"),
        (member("d", type=tarfile.BLKTYPE), "is a device or a pipe"),
        (member("p", type=tarfile.FIFOTYPE), "is a device or a pipe"),
        (member("s", mode=0o4755), "is setuid or setgid"),
        (member("s", mode=0o2755), "is setuid or setgid"),
        (member("./good"), "stands twice"),
        (member("."), "has the name of the folder"),
        (member("good/x"), "goes through a member that is no folder"),
        (member("good", type=tarfile.DIRTYPE), "goes through a member that is no folder"),
    ],
    ids=lambda part: part if isinstance(part, str) else f"{part.name}-{part.type!r}-{part.mode:o}",
)
def test_a_hostile_member_is_refused_by_its_name(
    file: Path, hostile: tarfile.TarInfo, fact: str
) -> None:
    file.write_bytes(tar({"good": b"x"}, hostile))

    with pytest.raises(ArchiveError) as caught:
        regular_files(file, "tar.gz")

    assert f"member '{hostile.name}' {fact}" in str(caught.value)


def test_a_way_out_through_a_link_is_refused(file: Path) -> None:
    up = member("d/up", type=tarfile.SYMTYPE, linkname="..")
    out = member("d/up/out", type=tarfile.SYMTYPE, linkname="../..")
    file.write_bytes(tar({"x": b""}, up, out))

    with pytest.raises(ArchiveError, match="'d/up/out' goes through a member that is no folder"):
        regular_files(file, "tar.gz")


def test_a_bomb_is_refused_before_it_is_unpacked(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1024 * 1024)
    file.write_bytes(tar({"zeros": b"\0" * 2 * 1024 * 1024, "after": b"x"}))

    with pytest.raises(ArchiveError, match="unpacks to more than"):
        regular_files(file, "tar.gz")


def test_a_header_that_claims_to_be_huge_is_refused(file: Path) -> None:
    header = member("x", type=tarfile.XHDTYPE, size=archive.MAX_READ * 4)
    file.write_bytes(gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + b"\0" * 4096))

    with pytest.raises(ArchiveError, match="oversized header"):
        regular_files(file, "tar.gz")


def test_too_many_members_are_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    file.write_bytes(tar({str(number): b"" for number in range(4)}))

    with pytest.raises(ArchiveError, match="more than 3 members"):
        regular_files(file, "tar.gz")


@pytest.mark.parametrize("content", [b"", b"not an archive", tar({"a": b"x" * 5000})[:-40]])
def test_a_broken_archive_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(ArchiveError):
        regular_files(file, "tar.gz")
