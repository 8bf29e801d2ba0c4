"""Before anything is timed: each contestant really looks, finds a drifted file, and agrees."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.contestants.base import Contestant, Verdict
from benchmarks.errors import BenchmarkError
from benchmarks.hosts.fleet import Fleet
from benchmarks.measure import run
from benchmarks.state import ManagedFile

_DRIFT: Final = b"somebody was here\n"

Look = tuple[str, int, int, int]


def prove(contestant: Contestant, fleet: Fleet, files: Sequence[ManagedFile]) -> None:
    """Run it with one file drifted on the last host, and after the repair.

    A contestant that can't repair on a host without systemd has the file put back for it.
    Raises ``BenchmarkError`` if it sees what is not there, not what is, or leaves another state.
    """
    wanted = look(fleet, files)
    if contestant.checks:
        drifted = fleet.root(fleet.names[-1]) / files[-1].path.lstrip("/")
        kept = drifted.read_bytes()
        drifted.write_bytes(_DRIFT)
        _, verdict = run(contestant, fleet)
        _demand(
            contestant,
            "finds the drifted host, and that alone",
            verdict.changed == frozenset(fleet.addresses[-1:]),
        )
        if not contestant.repairs:
            drifted.write_bytes(kept)
        _, verdict = run(contestant, fleet)
        demand_no_op(contestant, verdict)
    _demand(contestant, "leaves the wanted state", look(fleet, files) == wanted)


def demand_no_op(contestant: Contestant, verdict: Verdict) -> None:
    """Raise ``BenchmarkError`` unless a run has looked everywhere and found nothing to do."""
    everywhere = frozenset(contestant.fleet.addresses)
    if contestant.looks:
        _demand(contestant, "looks at every host", verdict.looked == everywhere)
    _demand(contestant, "finds nothing to do", not verdict.changed)


def look(fleet: Fleet, files: Sequence[ManagedFile]) -> dict[str, Look]:
    """Digest, mode, owner and group of every file of every host, seen from outside."""
    return {
        f"{name}:{file.path}": _look(fleet.root(name) / file.path.lstrip("/"))
        for name in fleet.names
        for file in files
    }


def _look(path: Path) -> Look:
    seen = os.stat(path, follow_symlinks=False)  # noqa: PTH116
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return digest, seen.st_mode, seen.st_uid, seen.st_gid


def _demand(contestant: Contestant, what: str, fulfilled: bool) -> None:
    if not fulfilled:
        raise BenchmarkError(
            f"{contestant.name} should have been seen to fulfil: {what}",
            mend="its numbers would mean nothing; see `verdict` of the contestant",
        )
