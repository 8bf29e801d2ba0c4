"""Stage: a transaction's files and artifacts reach the node; nothing live changes."""

from __future__ import annotations

import hashlib
import http.client
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from shimyard.node import program
from shimyard.node.bundle import bundle
from shimyard.node.desired import DesiredState, StoredArtifact
from shimyard.node.errors import NodeError
from shimyard.node.plan import Plan
from shimyard.node.progress import Report

if TYPE_CHECKING:
    from shimyard.node.transport import Completed, Session

_CHUNK = 256 * 1024
_LARGEST = 1024 * 1024 * 1024
_PIECE = 4096
_DOWNLOAD_SECONDS = 30
# Bytes a second, over so many seconds: as the node itself tells curl.
_SLOWEST = 1024
_SPACE_MEND = "free some space on the node, then run `pulumi up` again; nothing live was changed"


def stage(
    session: Session,
    plan: Plan,
    desired: DesiredState | None,
    *,
    resource: str,
    transaction: str,
    report: Report,
) -> None:
    """Send the transaction and fetch what its plan lacks."""
    report("stage", "sending the plan and its files")
    sent = _counted(
        bundle(plan, desired, resource),
        lambda count: report("stage", f"plan and files: {count / 1e6:.1f} MB sent"),
    )
    received = program.call(session, "receive", transaction, stdin=sent, silence=300)
    if received.code != 0:
        raise _failed(session, received)
    if plan.fetch:
        _fetch(session, plan, transaction, report)


def discard(session: Session, transaction: str) -> None:
    """Remove a transaction that is not going to be carried out."""
    program.call(session, "discard", transaction)


def _fetch(session: Session, plan: Plan, transaction: str, report: Report) -> None:
    by_digest = {artifact.sha256: artifact for artifact in plan.fetch}

    def on_line(line: str) -> None:
        words = line.split("\t")
        artifact = by_digest.get(words[1]) if len(words) > 1 else None
        if artifact is not None and words[0] == "progress" and _is_count(words[2:]):
            report("stage", _bytes(artifact, int(words[2])))
        elif artifact is not None and words[0] == "stored":
            report("stage", f"{_bytes(artifact, artifact.size)}, verified and stored")

    fetched = program.call(session, "fetch", transaction, on_line=on_line, silence=120)
    if fetched.code != 0:
        raise _failed(session, fetched, plan.fetch)
    for line in fetched.out.splitlines():
        words = line.split("\t")
        if words[0] == "need" and len(words) > 1 and words[1] in by_digest:
            reason = words[2] if len(words) > 2 else ""
            _stream(session, by_digest[words[1]], transaction, reason, report)


def _stream(
    session: Session, artifact: StoredArtifact, transaction: str, reason: str, report: Report
) -> None:
    what = f"{artifact.name} {artifact.version}"
    with tempfile.TemporaryDirectory(prefix="shimyard-") as folder:
        source = artifact.bundle or _download(session, artifact, Path(folder), reason)
        sent = program.call(
            session,
            "accept",
            transaction,
            artifact.sha256,
            stdin=_chunks(source, lambda n: report("stage", _bytes(artifact, n, "sent"))),
            silence=300,
        )
    if sent.code != 0:
        raise _failed(session, sent, [artifact])
    report("stage", f"{what}: sent, verified and stored")


def _download(session: Session, artifact: StoredArtifact, folder: Path, node_reason: str) -> Path:
    """The archive, fetched by the controller because the node could not."""
    reasons = [f"the node: {node_reason}"] if node_reason else []
    target = folder / "archive"
    for url in artifact.urls:
        try:
            # The lock and the settings allow http and https only.
            with (
                urllib.request.urlopen(url, timeout=_DOWNLOAD_SECONDS) as response,  # noqa: S310
                target.open("wb") as file,
            ):
                _save(response, file, artifact.size or _LARGEST)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reasons.append(f"the controller: {url}: {error}")
            continue
        with target.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual == artifact.sha256:
            return target
        reasons.append(f"the controller: {url}: wrong checksum {actual}")
    raise NodeError(
        session.node.name,
        "stage",
        f"{artifact.name} {artifact.version} ({artifact.sha256}) can't be had",
        log=reasons,
        mend="make a mirror reachable (artifacts.mirrors), or put the file into artifacts.bundle; "
        "nothing live was changed",
    )


def _save(response: IO[bytes], file: IO[bytes], limit: int) -> None:
    left, began, fresh = limit, time.monotonic(), 0
    # Small pieces: a mirror that trickles must not hide behind a read that waits for a large one.
    while piece := response.read(_PIECE):
        left -= len(piece)
        if left < 0:
            # It would fill the controller's disk.
            raise ValueError(f"sends more than {limit} bytes")
        file.write(piece)
        fresh += len(piece)
        seconds = time.monotonic() - began
        if seconds > _DOWNLOAD_SECONDS:
            if fresh < _SLOWEST * seconds:
                raise ValueError(f"sends less than {_SLOWEST} bytes a second")
            began, fresh = time.monotonic(), 0


def _chunks(path: Path, tell: Callable[[int], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _counted(iter(lambda: file.read(_CHUNK), b""), tell)


def _counted(chunks: Iterable[bytes], tell: Callable[[int], None]) -> Iterator[bytes]:
    """``chunks``; how many bytes of them have gone is told once a second."""
    sent, told = 0, time.monotonic()
    for chunk in chunks:
        yield chunk
        sent += len(chunk)
        if time.monotonic() - told > 1:
            told = time.monotonic()
            tell(sent)


def _bytes(artifact: StoredArtifact, count: int | None, verb: str = "fetched") -> str:
    what = f"{artifact.name} {artifact.version}"
    if count is None:
        return f"{what}: {verb}"
    total = "" if artifact.size in (None, count) else f" of {artifact.size / 1e6:.1f}"
    return f"{what}: {count / 1e6:.1f}{total} MB {verb}"


def _word(completed: Completed, keyword: str) -> str | None:
    for line in completed.out.splitlines():
        words = line.split("\t")
        if words[0] == keyword and len(words) > 1:
            return words[1]
    return None


def _failed(
    session: Session, completed: Completed, artifacts: Sequence[StoredArtifact] = ()
) -> NodeError:
    cause = _word(completed, "failed") or "a command failed"
    for item in artifacts:
        # The node knows an artifact by its digest only.
        cause = cause.replace(f"artifact {item.sha256}", f"artifact {item.name} {item.version}")
    return program.refused(session, "stage", completed) or NodeError(
        session.node.name,
        "stage",
        cause,
        log=program.last_lines(completed),
        mend=_SPACE_MEND,
    )


def _is_count(words: Sequence[str]) -> bool:
    return bool(words) and words[0].isascii() and words[0].isdecimal() and len(words[0]) < 19
