"""Which Pulumi this machine uses: PATH first, else the vendor's download, else built here."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from toolchain.build import from_build
from toolchain.cache import cache_root
from toolchain.download import from_download
from toolchain.errors import NothingWorkedError, NotOnPathError, ToolchainError
from toolchain.installation import Toolchain
from toolchain.lock import PulumiLock, load_lock
from toolchain.on_path import from_path
from toolchain.origins import allowed_origins
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
    allowed = allowed_origins()
    chosen = _available(lock, progress, allowed) or _made(lock, progress, allowed)
    progress.line(f"pulumi {chosen.version} ({chosen.origin}): {chosen.pulumi}")
    _record(chosen)
    return chosen


def _available(lock: PulumiLock, progress: Progress, allowed: tuple[str, ...]) -> Toolchain | None:
    """What needs no work; a machine that built once must not wait for a dead mirror again."""
    if "path" in allowed:
        try:
            return from_path(lock.minimum)
        except NotOnPathError as error:
            if allowed == ("path",):
                raise
            if error.found is not None:
                progress.line(f"not using {error.found}: {error.reason}")
    if "download" in allowed:
        found = from_download(lock, progress, fetch=False)
        if found is not None:
            return found
    return from_build(lock, progress, build=False) if "build" in allowed else None


def _made(lock: PulumiLock, progress: Progress, allowed: tuple[str, ...]) -> Toolchain:
    makers: dict[str, Callable[[], Toolchain | None]] = {
        "download": lambda: from_download(lock, progress),
        "build": lambda: from_build(lock, progress),
    }
    reasons: dict[str, ToolchainError] = {}
    for origin, make in makers.items():
        if origin not in allowed:
            continue
        try:
            made = make()
        except ToolchainError as error:
            if len(allowed) == 1:
                raise
            progress.line(str(error))
            reasons[origin] = error
        else:
            if made is not None:
                return made
    raise NothingWorkedError(reasons)


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
