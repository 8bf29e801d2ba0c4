"""The lock of the Kubernetes provider: its version, and the digests of the vendor's archives."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.errors import LockError
from toolchain.version import Version

LOCK_PATH = Path(__file__).parents[1] / "kubernetes.lock.json"


@dataclass(frozen=True)
class KubernetesLock:
    """The content of ``kubernetes.lock.json``.

    ``version`` is that of the SDK in requirements.txt, which asks for a plugin of its own
    version. ``archives`` maps a platform in the vendor's spelling (``linux-amd64``) to the sha256
    (hex) of its archive; ``mirror`` is the folder URL that holds the archives.
    """

    version: str
    mirror: str
    archives: Mapping[str, str]


def load_kubernetes_lock(path: Path = LOCK_PATH) -> KubernetesLock:
    """Read and check the lock file; raises LockError."""
    try:
        document: dict[str, Any] = json.loads(path.read_text())
        lock = KubernetesLock(
            version=str(Version.parse(document["version"])),
            mirror=str(document["mirror"]).rstrip("/"),
            archives=dict(document["archives"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise LockError(path, f"cannot be read ({type(cause).__name__}: {cause})") from cause
    for platform, sha256 in lock.archives.items():
        if not re.fullmatch(r"[0-9a-f]{64}", str(sha256)):
            raise LockError(path, f"the sha256 of {platform} is not 64 hex digits")
    if lock.archives and not document.get("checksum_source"):
        raise LockError(path, "checksum_source must say where the digests come from")
    return lock
