"""Downloads: whole or refused, and nothing left behind when refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from shimyard.catalogue.download import DownloadError, download
from tests.unit.catalogue.vendor_stand_in import Releases

CONTENT = b"x" * 200_000


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "file"


def refused(url: str, target: Path, max_bytes: int = 10**6) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        download(url, target, max_bytes=max_bytes)
    assert not target.exists()
    assert caught.value.url == url
    assert caught.value.mend
    return caught.value


def test_a_file_arrives_with_its_digest_size_and_progress(releases: Releases, target: Path) -> None:
    releases.files["a/b"] = CONTENT
    seen: list[tuple[int, int | None]] = []

    got = download(
        f"{releases.base}/a/b", target, lambda _, done, total: seen.append((done, total))
    )

    assert target.read_bytes() == CONTENT
    assert (got.sha256, got.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_file_that_is_not_there_is_told_by_its_address(releases: Releases, target: Path) -> None:
    error = refused(f"{releases.base}/none", target)

    assert error.status == 404
    assert "answers 404" in str(error)


def test_a_server_error_is_told_apart_from_a_missing_file(releases: Releases, target: Path) -> None:
    releases.statuses["a"] = 503

    assert refused(f"{releases.base}/a", target).status == 503


def test_a_truncated_file_is_refused(releases: Releases, target: Path) -> None:
    releases.files["a"] = CONTENT
    releases.truncated.add("a")

    assert "100000 of 200000 bytes arrived" in str(refused(f"{releases.base}/a", target))


def test_a_file_larger_than_allowed_is_refused(releases: Releases, target: Path) -> None:
    releases.files["a"] = CONTENT

    assert "is larger than 1000 bytes" in str(refused(f"{releases.base}/a", target, 1000))


def test_a_server_that_is_not_there_is_told(target: Path) -> None:
    assert "can't be reached" in str(refused("http://127.0.0.1:1/x", target))


def test_a_redirection_is_followed(releases: Releases, target: Path) -> None:
    releases.files["b"] = CONTENT
    releases.redirects["a"] = f"{releases.base}/b"

    assert download(f"{releases.base}/a", target).size == len(CONTENT)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "/loop"])
def test_a_redirection_to_nowhere_good_is_refused(
    releases: Releases, target: Path, location: str
) -> None:
    releases.redirects["loop"] = location

    refused(f"{releases.base}/loop", target)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "/etc/passwd", ""])
def test_only_http_is_spoken(target: Path, url: str) -> None:
    assert "is not an http(s) address" in str(refused(url, target))
