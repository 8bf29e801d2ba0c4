"""Second choice: the vendor's archive, pinned and verified before anything of it is used."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath

from toolchain.cache import cached, digest, output_folder
from toolchain.errors import ChecksumError, DownloadError, NoChecksumError
from toolchain.installation import Toolchain
from toolchain.lock import PulumiLock
from toolchain.on_path import installed_version
from toolchain.progress import Progress

MIRROR = "SHIMYARD_PULUMI_MIRROR"
# The archive also carries language hosts that this project never starts.
WANTED = re.compile(r"pulumi|pulumi-(language|resource-pulumi|analyzer-policy)-python.*")


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, for the next bytes, and for the whole file."""

    connect: float = 5.0
    stall: float = 20.0
    total: float = 900.0


def vendor_platform(system: str | None = None, machine: str | None = None) -> str:
    """This machine in the vendor's spelling, such as ``linux-x64`` or ``darwin-arm64``."""
    cpu = (machine or platform.machine()).lower()
    cpu = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(cpu, cpu)
    return f"{system or sys.platform}-{cpu}"


def from_download(
    lock: PulumiLock,
    progress: Progress,
    *,
    fetch: bool = True,
    patience: Patience | None = None,
) -> Toolchain | None:
    """Pulumi out of the vendor's archive; from the cache if it was downloaded before.

    ``fetch=False`` only looks into the cache and returns None if it is not there.
    ``$SHIMYARD_PULUMI_MIRROR`` replaces the folder URL, ``$SHIMYARD_PULUMI_SHA256`` the digest.

    Raises NoChecksumError, DownloadError, ChecksumError.
    """
    where, version = vendor_platform(), lock.download_version
    sha256 = os.environ.get("SHIMYARD_PULUMI_SHA256", lock.archives.get(where, "")).lower()
    if not sha256:
        if not fetch:
            return None
        raise NoChecksumError(where, str(version))
    mirror = os.environ.get(MIRROR, lock.mirror).rstrip("/")
    url = f"{mirror}/pulumi-v{version}-{where}.tar.gz"
    name, key = f"pulumi-{version}-download", digest(sha256)

    def build(folder: Path) -> None:
        archive = folder / "archive.tar.gz"
        fetch_verified(url, sha256, archive, patience or Patience())
        unpack(url, archive, folder / "bin", WANTED, ("pulumi", "pulumi-language-python"))
        archive.unlink()

    if not fetch and not output_folder(name, key).is_dir():
        return None
    folder = cached(name, key, build, progress=progress, doing=f"downloading Pulumi {version}")
    pulumi = folder / "bin" / "pulumi"
    host = folder / "bin" / "pulumi-language-python"
    return Toolchain(pulumi, host, installed_version(pulumi), "download")


def fetch_verified(
    url: str,
    sha256: str,
    target: Path,
    patience: Patience,
    mirror: str = MIRROR,
) -> None:
    """Write ``url`` to ``target`` if its bytes have digest ``sha256`` (hex).

    ``mirror`` is the variable that errors name as the mend. Raises DownloadError (unreachable,
    refused, cut off, too slow) and ChecksumError.
    """
    deadline = time.monotonic() + patience.total
    seen = hashlib.sha256()
    try:
        # The vendor's mirror may be any URL that the user names, file: among them.
        with (
            urllib.request.urlopen(url, timeout=patience.connect) as response,  # noqa: S310
            target.open("wb") as file,
        ):
            _set_stall_timeout(response, patience.stall)
            announced = response.headers.get("Content-Length")
            while chunk := response.read1(1 << 16):
                seen.update(chunk)
                file.write(chunk)
                if time.monotonic() > deadline:
                    raise DownloadError(url, f"not finished after {patience.total:.0f} s", mirror)
            size = file.tell()
    except urllib.error.HTTPError as cause:
        cause.close()
        raise DownloadError(
            url, f"the server answers {cause.code} {cause.reason}", mirror
        ) from cause
    except urllib.error.URLError as cause:
        raise DownloadError(url, f"{cause.reason}", mirror) from cause
    except (OSError, HTTPException, ValueError) as cause:
        raise DownloadError(url, f"{type(cause).__name__}: {cause}", mirror) from cause
    if announced is not None and size != int(announced):
        raise DownloadError(url, f"it broke off after {size} of {announced} bytes", mirror)
    if seen.hexdigest() != sha256:
        raise ChecksumError(url, sha256, seen.hexdigest(), mirror)


def _set_stall_timeout(response: object, seconds: float) -> None:
    # urllib has one timeout for both; a slow mirror deserves more patience than a dead one.
    raw = getattr(getattr(response, "fp", None), "raw", None)
    sock = getattr(raw, "_sock", None)
    if sock is not None:
        sock.settimeout(seconds)


def unpack(
    url: str,
    archive: Path,
    target: Path,
    wanted: re.Pattern[str],
    needed: Sequence[str],
    *,
    mirror: str = MIRROR,
) -> None:
    """Put the archive's programs whose name is ``wanted`` into the new folder ``target``.

    Raises DownloadError if it cannot be read or lacks one that is ``needed``.
    """
    target.mkdir()
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                name = PurePosixPath(member.name).name
                source = tar.extractfile(member) if member.isfile() else None
                if source is None or not wanted.fullmatch(name):
                    continue
                with (target / name).open("wb") as file:
                    shutil.copyfileobj(source, file)
                (target / name).chmod(0o755)
    except (tarfile.TarError, OSError, EOFError) as cause:
        raise DownloadError(url, f"the archive cannot be unpacked ({cause})", mirror) from cause
    for name in needed:
        if not (target / name).is_file():
            raise DownloadError(url, f"the archive has no {name}", mirror)
