"""A content-addressed cache of build outputs, safe for several runs at once."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain.progress import Progress


def cache_root() -> Path:
    """The cache folder: ``$SHIMYARD_CACHE``, else ``~/.cache/shimyard``."""
    configured = os.environ.get("SHIMYARD_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "shimyard"


def digest(*parts: str | bytes | Path) -> str:
    """SHA-256 (hex) over what decides an output: version strings, sources, lock files.

    A ``Path`` counts by its content: a file by its bytes, a folder by the relative names and
    bytes of all files below it, in sorted order. Parts are length-prefixed, so that moving a
    character from one part to the next changes the digest.
    """
    total = hashlib.sha256()
    for part in parts:
        data = _content(part) if isinstance(part, Path) else part
        raw = data.encode() if isinstance(data, str) else data
        total.update(len(raw).to_bytes(8, "big"))
        total.update(raw)
    return total.hexdigest()


def _content(path: Path) -> bytes:
    if path.is_file():
        return path.read_bytes()
    if not path.is_dir():
        raise FileNotFoundError(path)
    pieces: list[bytes] = []
    for file in sorted(path.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts and "target" not in file.parts:
            pieces.append(str(file.relative_to(path)).encode())
            pieces.append(hashlib.sha256(file.read_bytes()).digest())
    return b"\0".join(pieces)


def output_folder(name: str, key: str) -> Path:
    """Where output ``name`` for content ``key`` is, or will be."""
    return cache_root() / "outputs" / f"{name}-{key[:24]}"


def cached(
    name: str,
    key: str,
    build: Callable[[Path], None],
    *,
    progress: Progress | None = None,
    doing: str | None = None,
) -> Path:
    """The folder of output ``name`` for content ``key``; built by ``build`` if it is not there.

    ``build`` receives an empty folder beside the final one. The folder becomes visible under its
    final name by one rename, after ``build`` has returned: a run that is killed leaves nothing
    that a later run could take for complete. A second run that wants the same output waits.
    ``doing`` is what the progress calls the step; default: ``building <name>``.

    Errors: whatever ``build`` raises; then nothing is cached.
    """
    folder = output_folder(name, key)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    progress = progress or Progress()
    doing = doing or f"building {name}"
    with _lock(folder.with_name(folder.name + ".lock"), progress, doing):
        if folder.is_dir():
            return folder
        for stale in folder.parent.glob(f".{folder.name}.*"):
            shutil.rmtree(stale)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            with progress.step(doing):
                build(work)
            work.chmod(0o755)
            work.rename(folder)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
    return folder


@contextmanager
def _lock(path: Path, progress: Progress, doing: str) -> Iterator[None]:
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step(f"waiting for another run that is {doing}"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
