"""Whatever a vendor's archive holds, the controller lists it or refuses it, in bounds."""

from __future__ import annotations

import io
import posixpath
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shimyard.catalogue import archive
from shimyard.catalogue.archive import ArchiveError, read_members, regular_files
from tests.fuzz.answers import answer
from tests.fuzz.archives import CONTENTS, Packed, archives, compressed
from tests.fuzz.profile import cases

OUTSIDE = "/nowhere/outside"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "artifact"


def listed(path: Path, packed: Packed) -> list[str] | ArchiveError:
    path.write_bytes(packed.data)
    return answer(lambda: regular_files(path, packed.format), ArchiveError)


@cases(1_500)
@given(archives(OUTSIDE))
def test_an_archive_is_listed_or_refused_by_its_name(path: Path, packed: Packed) -> None:
    names = listed(path, packed)
    if isinstance(names, ArchiveError):
        assert path.name in str(names)
        return
    for name in names:
        assert not name.startswith("/")
        assert posixpath.normpath(f"/raw/{name}").startswith("/raw/")
    assert len({posixpath.normpath(name) for name in names}) == len(names)
    with tarfile.open(path, "r:*") as tar:
        assert all(not info.isdev() and not (info.isreg() and info.mode & 0o6000) for info in tar)
    contents = {
        name: content.read() for name, content in read_members(path, packed.format, set(names))
    }
    assert set(contents) == set(names)
    if packed.whole:
        assert set(contents.values()) <= set(CONTENTS)


@cases(400)
@given(archives(OUTSIDE, honest=True))
def test_an_unusual_but_harmless_archive_is_listed_as_tar_lists_it(
    path: Path, packed: Packed
) -> None:
    names = listed(path, packed)
    if not isinstance(names, ArchiveError):
        with tarfile.open(path, "r:*") as tar:
            assert names == [info.name for info in tar if info.isreg()]


@cases(40)
@given(
    st.sampled_from(["tar.gz", "tar.xz"]),
    st.integers(1, 20),
    st.sampled_from([tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME]),
    st.booleans(),
)
def test_a_bomb_is_refused_before_it_is_large(
    path: Path, format: str, megabytes: int, kind: bytes, lies: bool
) -> None:
    header = tarfile.TarInfo("tool")
    header.type = kind
    header.size = megabytes * 1024 * 1024 * (1000 if lies else 1)
    plain = io.BytesIO()
    plain.write(header.tobuf(tarfile.GNU_FORMAT))
    plain.write(bytes(megabytes * 1024 * 1024))
    path.write_bytes(compressed(plain.getvalue(), format))
    before, archive.MAX_UNPACKED = archive.MAX_UNPACKED, 1024 * 512
    try:
        with pytest.raises(ArchiveError):
            regular_files(path, format)  # type: ignore[arg-type]
    finally:
        archive.MAX_UNPACKED = before


@cases(60)
@given(st.integers(0, 2**70), st.sampled_from(["1.0", "0.1", "0.0"]))
def test_a_sparse_member_is_no_way_around_the_bound(path: Path, size: int, version: str) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("tool")
        major, minor = version.split(".")
        info.pax_headers = {
            "GNU.sparse.major": major,
            "GNU.sparse.minor": minor,
            "GNU.sparse.name": "tool",
            "GNU.sparse.size": str(size),
            "GNU.sparse.realsize": str(size),
            "GNU.sparse.numblocks": "1",
            "GNU.sparse.map": f"0,{size}",
        }
        block = f"1\n0\n{size}\n".encode().ljust(512, b"\0")
        info.size = len(block)
        tar.addfile(info, io.BytesIO(block))
    packed = Packed(compressed(plain.getvalue(), "tar.gz"), "tar.gz", whole=False)
    listed(path, packed)
