"""One run of a contestant, measured: time, processor time by side, traffic; its memory apart."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.cgroup import Cgroup
from benchmarks.contestants.base import Contestant, Verdict
from benchmarks.errors import BenchmarkError
from benchmarks.hosts.fleet import Fleet

_SAMPLE_SECONDS: Final = 0.05
_LONGEST: Final = 900


@dataclass(frozen=True)
class Sample:
    """One run. ``seconds`` of wall time; processor seconds of the controller's processes, of all
    hosts together, and of the delay line, which is no part of anybody. ``connections`` begun;
    ``round_trips`` of the connection that had most. Bytes of IP packets.
    """

    seconds: float
    controller_cpu: float
    hosts_cpu: float
    line_cpu: float
    connections: int
    round_trips: int
    out_bytes: int
    back_bytes: int

    def as_json(self) -> dict[str, Any]:
        """Rounded to what can be told apart."""
        return {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }


def run(contestant: Contestant, fleet: Fleet) -> tuple[Sample, Verdict]:
    """Run it once. Raises ``BenchmarkError`` if it fails."""
    command = contestant.command()
    cgroup = Cgroup("contestant")
    argv = cgroup.wrapped(fleet.controller_command(command.argv))
    groups = (cgroup, fleet.cgroup, fleet.line_cgroup)
    before = [group.cpu_seconds() for group in groups]
    fleet.line.reset()
    began = time.perf_counter()
    try:
        done = subprocess.run(
            argv,
            cwd=command.folder,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(
            f"{contestant.name} took longer than {_LONGEST} s",
            mend="measure fewer hosts or operations",
        ) from error
    finally:
        seconds = time.perf_counter() - began
        traffic = fleet.line.traffic()
        spent = [group.cpu_seconds() - start for group, start in zip(groups, before, strict=True)]
        # Connections that a contestant keeps for its next run would spare that one the login.
        cgroup.end()
    if done.returncode != 0:
        raise BenchmarkError(
            f"{contestant.name} failed", mend="see what it printed", log=done.stdout
        )
    sample = Sample(
        seconds,
        spent[0],
        spent[1],
        spent[2],
        traffic.connections,
        max(traffic.round_trips, default=0),
        traffic.out_bytes,
        traffic.back_bytes,
    )
    return sample, contestant.verdict(done.stdout)


def peak_memory(contestant: Contestant, fleet: Fleet) -> tuple[int, Verdict]:
    """Bytes that all its processes on the controller held at most at once, in a run of its own."""
    most = 0
    ended = threading.Event()
    cgroup = Cgroup("contestant")

    def watch() -> None:
        nonlocal most
        while not ended.wait(_SAMPLE_SECONDS):
            most = max(most, cgroup.memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        _, verdict = run(contestant, fleet)
    finally:
        ended.set()
        watcher.join()
    return most, verdict
