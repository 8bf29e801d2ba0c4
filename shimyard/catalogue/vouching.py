"""What vouches for a download: digests from elsewhere, and the signatures inside of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import IO

from shimyard.catalogue.archive import read_members
from shimyard.catalogue.checksums import checksum_for
from shimyard.catalogue.download import Download, DownloadError, download
from shimyard.catalogue.errors import CatalogueError
from shimyard.catalogue.request import LockRequest
from shimyard.catalogue.signature import SignatureError, verify_keyless
from shimyard.catalogue.vendors import Release

_SMALL = 64 * 1024
"""Signatures, certificates and checksum files are a few kilobytes."""


def checksum_source(request: LockRequest, release: Release, got: Download) -> str | None:
    """Compare ``got`` with every digest from elsewhere; where the best is from, None if none is.

    Raises ``CatalogueError`` if one differs or a checksum file that must be there is missing.
    """
    source: str | None = None
    if request.sha256 is not None:
        source = request.checksum_source or "given by the person who locked it"
        _compare(release.url, got, request.sha256.lower(), source)
    if release.checksum_url is not None:
        text = _checksum_file(request, release, release.checksum_url, got)
        if text is not None:
            file_name = release.url.rpartition("/")[2]
            published = checksum_for(text, file_name)
            if published is None:
                raise CatalogueError(
                    f"{release.checksum_url} has no line for {file_name}",
                    mend="look at the release page; if its digest is there, tell us of it",
                )
            _compare(release.url, got, published, release.checksum_url)
            source = release.checksum_url
    return source


def signatures_hold(
    request: LockRequest, release: Release, got: Download, files: Mapping[str, str]
) -> bool:
    """Check each installed file against 'x.sig' and 'x.pem' beside it; False if none is expected.

    Raises ``SignatureError`` if a signature is expected and missing or wrong.
    """
    if release.signature is None or release.format == "raw":
        return False
    digests: dict[str, bytes] = {}
    small: dict[str, bytes] = {}
    proofs = {f"{member}.{kind}" for member in files for kind in ("sig", "pem")}
    for name, content in read_members(got.path, release.format, proofs | set(files)):
        if name in files:
            digests[name] = _digest(content)
        else:
            small[name] = content.read(_SMALL)
    for member, digest in digests.items():
        if f"{member}.sig" not in small or f"{member}.pem" not in small:
            raise SignatureError(member, "the archive has no signature and certificate for it")
        verify_keyless(
            member,
            digest,
            signature=small[f"{member}.sig"],
            certificate=small[f"{member}.pem"],
            expected=release.signature,
            authority=request.authority,
        )
    return True


def _checksum_file(request: LockRequest, release: Release, url: str, got: Download) -> str | None:
    path = got.path.with_name("checksums")
    try:
        download(request.source(url), path, max_bytes=_SMALL)
    except DownloadError as error:
        if error.status == 404 and not release.must_have_checksum:
            return None
        raise
    return path.read_text(encoding="utf-8", errors="replace")


def _compare(url: str, got: Download, expected: str, source: str) -> None:
    if got.sha256 != expected:
        raise CatalogueError(
            f"{url} has another checksum: {source} says {expected}, "
            f"the download has {got.sha256} ({got.size} bytes)",
            mend="don't use it; try again later or from elsewhere, and tell the vendor",
        )


def _digest(content: IO[bytes]) -> bytes:
    digest = hashlib.sha256()
    while chunk := content.read(1 << 20):
        digest.update(chunk)
    return digest.digest()
