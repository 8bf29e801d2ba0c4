"""Which Pulumi this machine uses: PATH first, else the vendor's download, else built here."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from toolchain.build import from_build
from toolchain.cache import cache_root
from toolchain.download import from_download
from toolchain.installation import Toolchain
from toolchain.lock import load_lock
from toolchain.on_path import from_path
from toolchain.origins import choose
from toolchain.progress import Progress


def ensure(progress: Progress | None = None) -> Toolchain:
    """A working Pulumi for this machine, made if need be.

    Order: PATH; what an earlier run downloaded or built; the vendor's download; a build.
    ``$SHIMYARD_TOOLCHAIN`` (``path``, ``download`` or ``build``) allows one of them only.
    The choice is printed to ``progress`` and written to ``toolchain.json`` in the cache.

    Raises OriginError, LockError, the error of the only allowed origin, or NothingWorkedError.
    """
    progress = progress or Progress()
    lock = load_lock()
    chosen = choose(
        "pulumi",
        lambda: from_path(lock.minimum),
        {
            "download": lambda work: from_download(lock, progress, fetch=work),
            "build": lambda work: from_build(lock, progress, build=work),
        },
        progress,
    )
    progress.line(f"pulumi {chosen.version} ({chosen.origin}): {chosen.pulumi}")
    _record(chosen)
    return chosen


def _record(chosen: Toolchain) -> None:
    record = {
        "origin": chosen.origin,
        "version": str(chosen.version),
        "pulumi": str(chosen.pulumi),
        "language_host": str(chosen.language_host),
    }
    folder = cache_root()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=folder, prefix=".toolchain.", delete=False, encoding="utf-8"
    ) as file:
        json.dump(record, file, indent=2)
    Path(file.name).rename(folder / "toolchain.json")
