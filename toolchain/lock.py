"""The lock: which Pulumi is good enough, which one is downloaded, which one is built."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.errors import LockError
from toolchain.version import Version

LOCK_PATH = Path(__file__).parent / "pulumi.lock.json"


@dataclass(frozen=True)
class PulumiLock:
    """The content of ``pulumi.lock.json``.

    ``archives`` maps a platform in the vendor's spelling (``linux-x64``) to the sha256 (hex) of
    its archive; ``mirror`` is the folder URL that holds the archives.
    """

    minimum: Version
    download_version: Version
    mirror: str
    archives: Mapping[str, str]
    build_version: Version
    build_package: str


def load_lock(path: Path = LOCK_PATH) -> PulumiLock:
    """Read and check the lock file; raises LockError."""
    try:
        document: dict[str, Any] = json.loads(path.read_text())
        download, build = document["download"], document["build"]
        lock = PulumiLock(
            minimum=Version.parse(document["minimum"]),
            download_version=Version.parse(download["version"]),
            mirror=str(download["mirror"]).rstrip("/"),
            archives=dict(download["archives"]),
            build_version=Version.parse(build["version"]),
            build_package=build["package"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise LockError(path, f"cannot be read ({type(cause).__name__}: {cause})") from cause
    for platform, sha256 in lock.archives.items():
        if not re.fullmatch(r"[0-9a-f]{64}", str(sha256)):
            raise LockError(path, f"the sha256 of {platform} is not 64 hex digits")
    if lock.archives and not download.get("checksum_source"):
        raise LockError(path, "checksum_source must say where the digests come from")
    if min(lock.download_version, lock.build_version) < lock.minimum:
        raise LockError(path, "it would install a version that is older than its own minimum")
    return lock
