"""A transaction as one tar: the plan, the files to place, the node's program."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Sequence

from shimyard.node.desired import DesiredState, StoredArtifact
from shimyard.node.plan import Plan
from shimyard.node.recovery import RECOVERY_UNIT, recovery_unit
from shimyard.node.scripts import TRANSACTION


def bundle(plan: Plan, desired: DesiredState | None, resource: str) -> Iterator[bytes]:
    """The tar in chunks. ``desired`` is None for a removal."""
    entries: list[tuple[str, bytes]] = [
        ("transaction.sh", TRANSACTION.encode()),
        (RECOVERY_UNIT, recovery_unit().encode()),
        ("resource", resource.encode()),
        ("plan", _lines(operation.line() for operation in plan.operations)),
        ("artifacts", _lines(_artifact_lines(plan.fetch))),
    ]
    if desired is not None:
        entries.append(("manifest", _lines("\t".join(row) for row in desired.manifest())))
    if plan.deletes:
        entries.append(("deletes", b""))
    entries += plan.archives
    for name, content in entries:
        yield _member(name, content)
    for name, file in plan.staged:
        yield _member(name, file.read())
    yield bytes(2 * tarfile.BLOCKSIZE)


def _lines(lines: Iterator[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _artifact_lines(artifacts: Sequence[StoredArtifact]) -> Iterator[str]:
    for artifact in artifacts:
        size = "-" if artifact.size is None else str(artifact.size)
        yield "\t".join(("artifact", artifact.sha256, size, artifact.format))
        if artifact.bundle is None:
            for url in artifact.urls:
                yield "\t".join(("url", artifact.sha256, url))
        for member, name in artifact.members:
            yield "\t".join(("member", artifact.sha256, member or "-", name))


def _member(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o600
        archive.addfile(member, io.BytesIO(content))
        length = archive.offset
    return buffer.getvalue()[:length]
