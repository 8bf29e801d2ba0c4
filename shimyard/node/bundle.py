"""A transaction as one compressed tar: the plan and the files to place."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from shimyard.errors import ShimyardError
from shimyard.node.desired import DesiredState, File, StoredArtifact
from shimyard.node.operations.base import plan_line
from shimyard.node.plan import Plan
from shimyard.node.recovery import RECOVERY_UNIT, recovery_unit

_CHUNK = 128 * 1024
# zlib's words for "as it is" and "with gzip's header".
_STORED = 0
_GZIP = 31


class SourceError(ShimyardError):
    """A file on the controller is not what the plan was made for. Attribute ``path``."""

    def __init__(self, file: File, cause: str) -> None:
        super().__init__(
            f"{file.source} (for {file.path}): {cause}",
            mend="run `pulumi up` again with the file in place",
        )
        self.path = file.source


def bundle(plan: Plan, desired: DesiredState | None, resource: str) -> Iterator[bytes]:
    """The tar in chunks, each part gzipped by itself. ``desired`` is None for a removal.

    Raises ``SourceError`` on the way, so that the tar ends in the middle.
    """
    entries: list[tuple[str, bytes]] = [
        (RECOVERY_UNIT, recovery_unit().encode()),
        ("resource", resource.encode()),
        ("plan", _lines(operation.line() for operation in plan.operations)),
        ("artifacts", _lines(_artifact_lines(plan.fetch))),
    ]
    if desired is not None:
        entries.append(("manifest", _lines(plan_line(row) for row in desired.manifest())))
    if plan.deletes:
        entries.append(("deletes", b""))
    entries += plan.archives
    yield _packed(b"".join(_entry(name, content) for name, content in entries))
    for name, file in plan.staged:
        if file.source is None or file.content is not None:
            yield _packed(_entry(name, file.read()))
        else:
            yield from _as_it_is(_streamed(name, file, file.source))
    yield _packed(bytes(2 * tarfile.BLOCKSIZE))


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _artifact_lines(artifacts: Sequence[StoredArtifact]) -> Iterator[str]:
    for artifact in artifacts:
        size = "" if artifact.size is None else str(artifact.size)
        yield plan_line(("artifact", artifact.sha256, size, artifact.format))
        if artifact.bundle is None:
            for url in artifact.urls:
                yield plan_line(("url", artifact.sha256, url))
        for member, name in artifact.members:
            yield plan_line(("member", artifact.sha256, member, name))


def _streamed(name: str, file: File, path: Path) -> Iterator[bytes]:
    # A model may be larger than the controller's memory.
    digest, sent = hashlib.sha256(), 0
    try:
        size = path.stat().st_size
        with path.open("rb") as source:
            yield _header(name, size)
            while chunk := source.read(min(_CHUNK, size - sent)):
                digest.update(chunk)
                sent += len(chunk)
                yield chunk
    except OSError as error:
        raise SourceError(file, f"can't be read: {error.strerror}") from error
    if sent != size or digest.hexdigest() != file.sha256:
        raise SourceError(file, "has changed since it was looked at")
    yield _padding(size)


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _as_it_is(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Models hardly shrink, and the controller has other nodes to see to."""
    packer = zlib.compressobj(_STORED, zlib.DEFLATED, _GZIP)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


def _entry(name: str, content: bytes) -> bytes:
    return _header(name, len(content)) + content + _padding(len(content))


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
