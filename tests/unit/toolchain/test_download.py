"""The vendor's archive, served by a local server in all the ways that it can go wrong."""

from __future__ import annotations

import hashlib
import io
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from socket import create_server

import pytest

from tests.unit.toolchain.serving import Mirror, serving
from toolchain.download import Patience, fetch_verified, from_download, vendor_platform
from toolchain.errors import ChecksumError, DownloadError, NoChecksumError
from toolchain.lock import PulumiLock
from toolchain.progress import Progress
from toolchain.version import Version

QUICK = Patience(connect=0.5, stall=0.3, total=0.6)
SCRIPT = b"#!/bin/sh\n# Stand-in for a program of Pulumi's.\necho v3.255.0\n"


def make_archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(f"pulumi/{name}")
            member.size = len(SCRIPT)
            tar.addfile(member, io.BytesIO(SCRIPT))
    return stream.getvalue()


GOOD = make_archive(
    "pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-language-go"
)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with serving(Mirror(GOOD)) as state:
        yield state


def lock_for(mirror: str, content: bytes = GOOD) -> PulumiLock:
    return PulumiLock(
        minimum=Version(3, 246, 0),
        download_version=Version(3, 255, 0),
        mirror=mirror,
        archives={vendor_platform(): hashlib.sha256(content).hexdigest()},
        build_version=Version(3, 246, 0),
        build_package="example.org/none",
    )


def quiet() -> Progress:
    return Progress(io.StringIO())


def test_a_good_archive_gives_a_working_pulumi_and_nothing_that_is_not_needed(
    mirror: Mirror,
) -> None:
    found = from_download(lock_for(mirror.url), quiet())
    assert found is not None
    assert (found.origin, found.version) == ("download", Version(3, 255, 0))
    assert sorted(path.name for path in found.pulumi.parent.iterdir()) == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
    ]
    assert mirror.asked == [f"/pulumi-v3.255.0-{vendor_platform()}.tar.gz"]


def test_a_second_run_does_not_ask_the_mirror_again(mirror: Mirror) -> None:
    assert from_download(lock_for(mirror.url), quiet(), fetch=False) is None
    first = from_download(lock_for(mirror.url), quiet())
    assert from_download(lock_for("http://127.0.0.1:9"), quiet(), fetch=False) == first
    assert len(mirror.asked) == 1


def test_the_mirror_of_the_environment_is_asked_instead_of_the_vendor(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIMYARD_PULUMI_MIRROR", f"{mirror.url}/air-gap/")
    assert from_download(lock_for("http://127.0.0.1:9"), quiet()) is not None
    assert mirror.asked[0].startswith("/air-gap/pulumi-v3.255.0-")


def test_an_archive_with_another_digest_is_refused_and_leaves_nothing(
    mirror: Mirror, cache: Path
) -> None:
    with pytest.raises(ChecksumError) as caught:
        from_download(lock_for(mirror.url, b"what was locked"), quiet())
    assert caught.value.found == hashlib.sha256(GOOD).hexdigest()
    assert [path.name for path in cache.rglob("*") if path.is_file()] == [
        path.name for path in cache.rglob("*.lock")
    ]


def test_a_missing_file_is_reported_with_the_servers_answer(mirror: Mirror) -> None:
    mirror.status = 404
    with pytest.raises(DownloadError, match="answers 404") as caught:
        from_download(lock_for(mirror.url), quiet())
    assert caught.value.url.startswith(mirror.url)


def test_a_connection_that_breaks_off_is_told_from_a_forged_file(mirror: Mirror) -> None:
    mirror.send_only = 100
    with pytest.raises(DownloadError, match=f"broke off after 100 of {len(GOOD)} bytes"):
        from_download(lock_for(mirror.url), quiet())


def test_a_server_that_drips_is_given_up_after_the_total_time(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.drip = True
    started = time.monotonic()
    with pytest.raises(DownloadError, match="not finished after"):
        fetch_verified(mirror.url, "0" * 64, tmp_path / "file", QUICK)
    assert time.monotonic() - started < 2


def test_a_server_that_never_answers_is_given_up_quickly(tmp_path: Path) -> None:
    with closing(create_server(("127.0.0.1", 0))) as silent:
        started = time.monotonic()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        with pytest.raises(DownloadError):
            fetch_verified(url, "0" * 64, tmp_path / "file", QUICK)
    assert time.monotonic() - started < 2


def test_no_network_is_one_sentence_that_names_the_mirror_variable(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="SHIMYARD_PULUMI_MIRROR"):
        fetch_verified("http://127.0.0.1:9/file", "0" * 64, tmp_path / "file", QUICK)


def test_a_platform_without_a_locked_digest_is_not_downloaded_blindly(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.download.vendor_platform", lambda: "linux-riscv64")
    with pytest.raises(NoChecksumError, match="SHIMYARD_PULUMI_SHA256"):
        from_download(lock_for(mirror.url), quiet())
    assert mirror.asked == []
    monkeypatch.setenv("SHIMYARD_PULUMI_SHA256", hashlib.sha256(GOOD).hexdigest())
    assert from_download(lock_for(mirror.url), quiet()) is not None


def test_an_archive_without_the_language_host_is_refused(mirror: Mirror) -> None:
    mirror.content = make_archive("pulumi")
    with pytest.raises(DownloadError, match="no pulumi-language-python"):
        from_download(lock_for(mirror.url, mirror.content), quiet())


def test_an_archive_that_is_none_is_refused(mirror: Mirror) -> None:
    mirror.content = b"<html>sign in first</html>"
    with pytest.raises(DownloadError, match="cannot be unpacked"):
        from_download(lock_for(mirror.url, mirror.content), quiet())


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("linux", "x86_64", "linux-x64"),
        ("linux", "aarch64", "linux-arm64"),
        ("darwin", "arm64", "darwin-arm64"),
    ],
)
def test_platforms_have_the_vendors_names(system: str, machine: str, expected: str) -> None:
    assert vendor_platform(system, machine) == expected
