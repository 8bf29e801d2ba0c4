"""A cgroup for what is measured: its processor time, its processes, its end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lab import cgroups

# Of its own for each process, so that a test does not end a measurement that is under way.
OWNER: Final = f"bench{os.getpid()}"
_JOIN: Final = """\
while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs" || exit 125; shift; done
shift
exec "$@"
"""


class Cgroup:
    """One of the benchmarks' cgroups, in every hierarchy that this machine has. Needs root."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._folders = cgroups.make(OWNER, name)

    def wrapped(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs ``argv`` in it, from its first instruction on."""
        return ["sh", "-c", _JOIN, "sh", *map(str, self._folders), "--", *argv]

    def cpu_seconds(self) -> float:
        """Processor time of all that ever ran in it, user's and system's."""
        for folder in self._folders:
            usage = folder / "cpuacct.usage"
            if usage.exists():
                return int(usage.read_text()) / 1e9
        for folder in self._folders:
            stat = folder / "cpu.stat"
            if stat.exists():
                words = stat.read_text().split()
                return int(words[words.index("usage_usec") + 1]) / 1e6
        raise FileNotFoundError("this machine's cgroups account no processor time")

    def memory(self) -> int:
        """Bytes that its processes hold now; shared pages count once, spread over their users."""
        return sum(_proportional(pid) for pid in cgroups.processes(OWNER, self.name))

    def end(self) -> None:
        """Kill what still runs in it."""
        if cgroups.processes(OWNER, self.name):
            cgroups.end(OWNER, self.name)
            self._folders = cgroups.make(OWNER, self.name)


def end_all() -> None:
    """Kill what runs in any cgroup of this process's making, and remove those."""
    cgroups.end(OWNER)


def _proportional(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0
