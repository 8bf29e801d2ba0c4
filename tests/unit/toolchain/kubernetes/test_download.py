"""The vendor's plugin archive from a local server; what can go wrong is tested for the CLI's."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.toolchain.serving import Mirror, serving
from toolchain.errors import ChecksumError, DownloadError, NoPluginChecksumError
from toolchain.kubernetes.download import MIRROR, SHA256, from_vendor, plugin_platform
from toolchain.kubernetes.lock import KubernetesLock
from toolchain.kubernetes.plugin import PROGRAM
from toolchain.progress import Progress


def archive(*names: str) -> bytes:
    script = b"#!/bin/sh\n# Stand-in for the vendor's plugin.\n"
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(script)
            tar.addfile(member, io.BytesIO(script))
    return stream.getvalue()


GOOD = archive(PROGRAM, "README.md", "LICENSE")


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with serving(Mirror(GOOD)) as state:
        yield state


def locked(mirror: str, content: bytes = GOOD) -> KubernetesLock:
    digest = hashlib.sha256(content).hexdigest()
    return KubernetesLock("4.34.2", mirror, {plugin_platform(): digest})


def quiet() -> Progress:
    return Progress(io.StringIO())


def test_a_good_archive_gives_the_plugin_alone(mirror: Mirror) -> None:
    found = from_vendor(locked(mirror.url), quiet())
    assert found is not None
    assert found.origin == "download"
    assert not found.is_stand_in
    assert [each.name for each in found.program.parent.iterdir()] == [PROGRAM]
    assert found.program.stat().st_mode & 0o111
    assert found.folder_for_path == found.program.parent
    assert mirror.asked == [f"/{PROGRAM}-v4.34.2-{plugin_platform()}.tar.gz"]


def test_a_second_run_does_not_ask_again(mirror: Mirror) -> None:
    assert from_vendor(locked(mirror.url), quiet(), fetch=False) is None
    first = from_vendor(locked(mirror.url), quiet())
    assert from_vendor(locked("http://127.0.0.1:9"), quiet(), fetch=False) == first
    assert len(mirror.asked) == 1


def test_without_a_digest_nothing_is_asked_for(mirror: Mirror) -> None:
    bare = KubernetesLock("4.34.2", mirror.url, {})
    assert from_vendor(bare, quiet(), fetch=False) is None
    with pytest.raises(NoPluginChecksumError, match=SHA256):
        from_vendor(bare, quiet())
    assert mirror.asked == []


def test_a_mirror_and_a_digest_of_the_environment_are_enough(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR, f"{mirror.url}/air-gap/")
    monkeypatch.setenv(SHA256, hashlib.sha256(GOOD).hexdigest().upper())
    assert from_vendor(KubernetesLock("4.34.2", "http://127.0.0.1:9", {}), quiet()) is not None
    assert mirror.asked[0].startswith(f"/air-gap/{PROGRAM}-v4.34.2-")


def test_other_bytes_than_the_locked_ones_are_refused_and_leave_nothing(
    mirror: Mirror, cache: Path
) -> None:
    with pytest.raises(ChecksumError, match=MIRROR):
        from_vendor(locked(mirror.url, b"other"), quiet())
    assert list(cache.rglob(PROGRAM)) == []


def test_an_archive_without_the_plugin_is_refused(mirror: Mirror) -> None:
    mirror.content = archive("README.md")
    with pytest.raises(DownloadError, match=f"the archive has no {PROGRAM}"):
        from_vendor(locked(mirror.url, mirror.content), quiet())


@pytest.mark.parametrize(
    ("machine", "spelled"),
    [("x86_64", "linux-amd64"), ("aarch64", "linux-arm64"), ("riscv64", "linux-riscv64")],
)
def test_platforms_are_spelled_as_in_the_names_of_plugin_archives(
    machine: str, spelled: str
) -> None:
    assert plugin_platform("linux", machine) == spelled
