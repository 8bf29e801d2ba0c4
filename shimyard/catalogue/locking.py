"""From a name and a version to a lock entry, with everything checked that can be checked."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from shimyard.catalogue.archive import regular_files
from shimyard.catalogue.artifact import Artifact, Unpack
from shimyard.catalogue.download import Download, Progress, download
from shimyard.catalogue.errors import CatalogueError
from shimyard.catalogue.lockfile import read_lock, write_lock
from shimyard.catalogue.request import LockRequest
from shimyard.catalogue.vendors import Release
from shimyard.catalogue.vouching import checksum_source, signatures_hold
from shimyard.settings.explain import explain


def lock_artifact(request: LockRequest, progress: Progress | None = None) -> Artifact:
    """Download, verify and describe one artifact. Raises ``CatalogueError``s; writes no lock."""
    release = request.release()
    with tempfile.TemporaryDirectory(prefix="shimyard-lock-") as folder:
        got = download(request.source(release.url), Path(folder) / "artifact", progress)
        source = checksum_source(request, release, got)
        members = [] if release.format == "raw" else regular_files(got.path, release.format)
        files = release.pick(members)
        if not files:
            raise CatalogueError(
                f"{release.url} has none of the files that are installed of {request.name}; "
                f"it has: {', '.join(members[:20])}",
                mend="say which ones with --file 'MEMBER=NAME'",
            )
        signed = signatures_hold(request, release, got, files)
    if source is None and signed and release.signature is not None:
        source = f"computed from the download; the signature by {release.signature.identity} holds"
    if source is None and request.trust_download:
        source = (
            f"computed from the download on {datetime.now(UTC):%Y-%m-%d}; nothing vouches for it"
        )
    if source is None:
        raise CatalogueError(
            f"{release.url} has no published checksum and no signature",
            mend=f"if you have its digest from elsewhere, add --sha256; else look at the release "
            f"page, compare with {got.sha256}, and add --trust-download",
        )
    return _artifact(request, release, got, files, source, signed=signed)


def add_entry(path: Path, artifact: Artifact, *, replace: bool = False) -> bool:
    """Put ``artifact`` into the lock file ``path`` (made if absent); False if it is there already.

    An entry with another digest is replaced only with ``replace``: a release whose bytes change
    is what a lock is there to notice. The order of the file is kept. Raises ``CatalogueError``.
    """
    entries = read_lock(path) if path.exists() else []
    for index, entry in enumerate(entries):
        if entry.key != artifact.key:
            continue
        if entry.sha256 != artifact.sha256 and not replace:
            raise CatalogueError(
                f"{path} has {' '.join(entry.key)} with another digest: {entry.sha256} is locked, "
                f"{artifact.sha256} was downloaded",
                mend="find out why the release changed; if that is right, add --replace",
            )
        if entry == artifact:
            return False
        entries[index] = artifact
        break
    else:
        entries.append(artifact)
    write_lock(path, entries)
    return True


def _artifact(
    request: LockRequest,
    release: Release,
    got: Download,
    files: dict[str, str],
    source: str,
    *,
    signed: bool,
) -> Artifact:
    try:
        return Artifact(
            name=request.name,
            version=request.version,
            arch=request.arch,
            url=release.url,
            sha256=got.sha256,
            size=got.size,
            unpack=Unpack(format=release.format, files=files),
            checksum_source=source,
            signature=release.signature if signed else None,
        )
    except ValidationError as error:
        problems = "; ".join(f"{field}: {sentence}" for field, sentence in explain(error, Artifact))
        raise CatalogueError(
            f"{request.name} {request.version} can't be locked: {problems}",
            mend="correct the name, the version or --file",
        ) from None
