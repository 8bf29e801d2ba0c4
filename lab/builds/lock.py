"""The artifact lock: what the product reads to fetch and verify what the lab built."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.builds.recipe import BuiltArtifact

LOCK_VERSION = 1


def lock_entry(artifact: BuiltArtifact, mirror_url: str) -> dict[str, Any]:
    """One artifact as the lock states it, to be fetched from ``mirror_url``."""
    return {
        "name": artifact.name,
        "version": artifact.version,
        "arch": artifact.arch,
        "url": f"{mirror_url.rstrip('/')}/{artifact.url_path}",
        "sha256": artifact.sha256,
        "size": artifact.size,
        "unpack": {"format": artifact.unpack.format, "files": dict(artifact.unpack.files)},
        "checksum_source": artifact.checksum_source,
        "signature": None,
    }


def write_lock(path: Path, artifacts: Sequence[BuiltArtifact], mirror_url: str) -> None:
    """Write the lock of ``artifacts``, sorted, in one rename: a reader never sees half of it."""
    entries = sorted(
        (lock_entry(artifact, mirror_url) for artifact in artifacts),
        key=lambda entry: (entry["name"], entry["version"], entry["arch"]),
    )
    text = json.dumps({"version": LOCK_VERSION, "artifacts": entries}, indent=2) + "\n"
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)
