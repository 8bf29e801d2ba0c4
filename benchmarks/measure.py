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
from lab.deadline import wait_for

_SAMPLE_SECONDS: Final = 0.05
# Longer than a round trip.
_SILENCE: Final = 0.15
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
    others = (fleet.cgroup, fleet.line_cgroup)
    before = [group.cpu_seconds() for group in others]
    already = cgroup.cpu_seconds()
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
        controller = cgroup.cpu_seconds()
        # Connections that a contestant keeps for its next run would spare that one the login.
        cgroup.end()
        _settle(fleet)
    hosts, line = (group.cpu_seconds() - start for group, start in zip(others, before, strict=True))
    traffic = fleet.line.traffic()
    if done.returncode != 0:
        raise BenchmarkError(
            f"{contestant.name} failed", mend="see what it printed", log=done.stdout
        )
    sample = Sample(
        seconds,
        controller - already,
        hosts,
        line,
        traffic.connections,
        max(traffic.round_trips, default=0),
        traffic.out_bytes,
        traffic.back_bytes,
    )
    return sample, contestant.verdict(done.stdout)


def _settle(fleet: Fleet) -> None:
    """Wait until no more packets pass: the hosts see their sessions off in their own time."""
    last = -1

    def still() -> str | None:
        nonlocal last
        before, last = last, fleet.line.traffic().packets
        return None if last == before else "packets pass"

    wait_for("silence on the line", still, seconds=20, interval=_SILENCE)


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
