"""One command of Pulumi, measured: seconds, processor time and memory, by process."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.cgroup import OWNER, Cgroup
from benchmarks.contestants.base import Command
from benchmarks.errors import BenchmarkError
from benchmarks.simulation.fleet import SimulatedFleet
from lab import cgroups

_SAMPLE_SECONDS: Final = 0.25
_LONGEST: Final = 3600
# As many open files as a process has on most machines.
_FILES: Final = ("prlimit", "--nofile=1024:1024")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
# The first that fits a command line.
_ROLES: Final = (
    ("provider", re.compile(r"shimyard\.provider")),
    ("Kubernetes provider", re.compile(r"pulumi-resource-kubernetes")),
    ("program", re.compile(r"language_host/program\.py")),
    ("language host", re.compile(r"language")),
    ("engine", re.compile(r"(^|/)pulumi ")),
)


@dataclass(frozen=True)
class Sample:
    """One run.

    ``cpu``: processor seconds of all processes, user's and system's; ``hosts_cpu``: of the
    simulated machines. ``memory``: the most that all held at once, in bytes, shared pages counted
    once. ``connections`` that were begun. ``by_process``: role -> processor seconds and its own
    most memory.
    """

    seconds: float
    cpu: float
    hosts_cpu: float
    memory: int
    connections: int = 0
    by_process: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Rounded to what can be told apart."""
        return {
            "seconds": round(self.seconds, 3),
            "cpu": round(self.cpu, 3),
            "hosts_cpu": round(self.hosts_cpu, 3),
            "memory": self.memory,
            "connections": self.connections,
            "by process": {
                role: {"cpu": round(told["cpu"], 2), "memory": int(told["memory"])}
                for role, told in self.by_process.items()
            },
        }


def measured(command: Command, fleet: SimulatedFleet) -> tuple[Sample, str]:
    """Run it; also what it printed. Raises ``BenchmarkError`` if it fails."""
    cgroup = Cgroup("contestant")
    already, hosts = cgroup.cpu_seconds(), fleet.cgroup.cpu_seconds()
    watch = _Watch(cgroup)
    began = time.perf_counter()
    try:
        with watch:
            done = subprocess.run(
                cgroup.wrapped(fleet.controller_command([*_FILES, *command.argv])),
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
            seconds = time.perf_counter() - began
        cpu = cgroup.cpu_seconds() - already
    finally:
        cgroup.end()
    words = " ".join(command.argv)
    if done.returncode != 0:
        raise BenchmarkError(f"{words} failed", mend="see what it printed", log=done.stdout)
    used = fleet.cgroup.cpu_seconds() - hosts
    return Sample(seconds, cpu, used, watch.most, by_process=watch.by_process()), done.stdout


class _Watch:
    """Looks at the processes of a cgroup from time to time, as long as the block lasts."""

    def __init__(self, cgroup: Cgroup) -> None:
        self.most = 0
        self._cgroup = cgroup
        self._roles: dict[int, str] = {}
        self._cpu: dict[int, float] = {}
        self._memory: dict[str, int] = defaultdict(int)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def by_process(self) -> dict[str, dict[str, float]]:
        """Of what was seen: processor time after the last look is missing."""
        found: dict[str, dict[str, float]] = {}
        for pid, role in self._roles.items():
            told = found.setdefault(role, {"cpu": 0.0, "memory": self._memory[role]})
            told["cpu"] += self._cpu.get(pid, 0.0)
        return found

    def _watch(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            now: dict[str, int] = defaultdict(int)
            for pid in cgroups.processes(OWNER, self._cgroup.name):
                self._look(pid, now)
            self.most = max(self.most, sum(now.values()))
            for role, held in now.items():
                self._memory[role] = max(self._memory[role], held)

    def _look(self, pid: int, now: dict[str, int]) -> None:
        folder = Path(f"/proc/{pid}")
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            rollup = (folder / "smaps_rollup").read_text()
        except OSError:
            return
        role = next((role for role, shown in _ROLES if shown.search(words)), "other")
        self._roles[pid] = role
        self._cpu[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
        pss = re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)
        now[role] += int(pss[1]) * 1024 if pss else 0
