"""A cell: so many hosts, so much delay, so many operations; every contestant in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from benchmarks.contestants.ansible import Ansible, Mitogen
from benchmarks.contestants.bare import Facts
from benchmarks.contestants.base import Contestant
from benchmarks.contestants.login import Login
from benchmarks.contestants.pyinfra import Pyinfra
from benchmarks.contestants.shimyard import Refresh, Up
from benchmarks.contestants.tools import Tools
from benchmarks.errors import BenchmarkError
from benchmarks.honesty import demand_no_op, look, prove
from benchmarks.hosts.fleet import Fleet
from benchmarks.measure import peak_memory, run
from benchmarks.state import ManagedFile, state
from toolchain import Toolchain

Tell = Callable[[str], None]
Kind = type[Contestant]

OURS: Final[tuple[Kind, ...]] = (Login, Facts, Refresh, Up)
PEERS: Final[tuple[Kind, ...]] = (Pyinfra, Mitogen, Ansible)
# Where a contestant is proven: enough hosts to find the one that has drifted, few enough for all.
_PROVEN_UP_TO: Final = 5
_ANSIBLE_UP_TO: Final = 5
_LONG_SECONDS: Final = 30
# Seconds that a run takes on two cores: at least, more for each host, and for each operation there.
_COSTS: Final[dict[Kind, tuple[float, float, float]]] = {
    Login: (0.6, 0.03, 0),
    Facts: (0.6, 0.06, 0.0005),
    Refresh: (1.2, 0.07, 0.0005),
    Up: (1.8, 0.01, 0),
    Pyinfra: (1.5, 0.05, 0.017),
    Mitogen: (2.0, 0.3, 0.04),
    Ansible: (2.0, 0.1, 0.42),
}
# On the way there and back, so often for an operation, and once.
_WAITS: Final[dict[Kind, tuple[float, float]]] = {
    Login: (5, 0), Facts: (7, 0), Refresh: (7, 0), Up: (0, 0),
    Pyinfra: (8, 6), Mitogen: (20, 2.2), Ansible: (8, 12),
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """``delay``: round trip in milliseconds. ``operations``: how many files each host has.

    ``contestants``: who takes part. ``thorough``: also measure memory, and prove each contestant
    on few hosts.
    """

    hosts: int
    delay: int
    operations: int
    contestants: tuple[Kind, ...]
    thorough: bool

    @property
    def key(self) -> str:
        """Its name in the results."""
        return f"{self.hosts} hosts, {self.delay} ms, {self.operations} operations"

    def run_estimate(self, kind: Kind) -> float:
        """About how many seconds one run takes on two cores that have nothing else to do."""
        least, host, operation = _COSTS[kind]
        once, each = _WAITS[kind]
        waits = (once + each * self.operations) * self.delay / 1000
        return least + self.hosts * (host + operation * self.operations) + waits

    def estimate(self, rounds: int) -> float:
        """About how many seconds the whole cell takes."""
        return 5.0 + sum(
            self.run_estimate(kind) * (rounds + self._untimed(kind)) for kind in self.contestants
        )

    def measures_memory(self, kind: Kind) -> bool:
        """It takes a run of its own, which is not worth minutes."""
        return self.thorough and self.run_estimate(kind) < _LONG_SECONDS

    @property
    def proves(self) -> bool:
        """Whether each contestant has to find a drifted file."""
        return self.thorough and self.hosts <= _PROVEN_UP_TO

    def _untimed(self, kind: Kind) -> int:
        return self.measures_memory(kind) + 2 * self.proves


def cells(hosts: Sequence[int], delays: Sequence[int]) -> list[Cell]:
    """The grid, and the cells of Shimyard alone that show what more operations cost.

    With 100 hosts each has two files only. ansible-core without Mitogen runs with few hosts only:
    with 20 it would take a minute and a half a run on two cores, most of it spent by Python on the
    hosts, and with 100 seven minutes.
    """
    found: list[Cell] = []
    for number in hosts:
        many = number > 50
        peers = tuple(kind for kind in PEERS if kind is not Ansible or number <= _ANSIBLE_UP_TO)
        for delay in delays:
            thorough = delay == min(delays)
            found.append(Cell(number, delay, 2 if many else 10, (*OURS, *peers), thorough))
    more = [Cell(1, delay, size, OURS, False) for delay in delays if delay for size in (50, 200)]
    return [*found, *more]


def measure(
    cell: Cell,
    layers: Sequence[Path],
    rounds: int,
    *,
    tools: Tools,
    pulumi: Toolchain,
    tell: Tell,
) -> dict[str, Any]:
    """Boot the hosts, prove every contestant honest, run ``rounds`` of all, take it all away.

    ``layers``: those of the hosts, with the cell's state in the topmost. The contestants of a
    round run one after another, each round in another order. Raises ``BenchmarkError``.
    """
    files = state(cell.operations)
    with tempfile.TemporaryDirectory(prefix="shimyard-benchmark-") as name:
        folders = (_made(Path(name) / str(number)) for number in count())
        with Fleet(cell.hosts, layers, next(folders)) as fleet:
            fleet.line.set_round_trip(cell.delay / 1000)
            wanted = look(fleet, files)
            every = _entered(cell, fleet, files, folders, tools=tools, pulumi=pulumi)
            results: dict[str, Any] = {}
            for contestant in every:
                contestant.prepare()
                result: dict[str, Any] = {"means": contestant.means, "samples": []}
                if cell.measures_memory(type(contestant)):
                    tell(f"{contestant.name}: memory")
                    result["peak memory"], verdict = peak_memory(contestant, fleet)
                    demand_no_op(contestant, verdict)
                if cell.proves:
                    tell(f"{contestant.name}: finds a drifted file, and nothing else")
                    prove(contestant, fleet, files)
                results[contestant.name] = result
            for number in range(rounds):
                turn = number % len(every)
                for contestant in (*every[turn:], *every[:turn]):
                    sample, verdict = run(contestant, fleet)
                    demand_no_op(contestant, verdict)
                    results[contestant.name]["samples"].append(sample.as_json())
                    tell(f"round {number + 1}, {contestant.name}: {sample.seconds:.2f} s")
            if look(fleet, files) != wanted:
                raise BenchmarkError("the hosts' files have changed", mend="see which run did it")
    return {
        "hosts": cell.hosts,
        "delay": cell.delay,
        "operations": cell.operations,
        "contestants": results,
    }


def _entered(
    cell: Cell,
    fleet: Fleet,
    files: Sequence[ManagedFile],
    folders: Iterator[Path],
    *,
    tools: Tools,
    pulumi: Toolchain,
) -> list[Contestant]:
    every: list[Contestant] = []
    for kind in cell.contestants:
        folder = next(folders)
        if issubclass(kind, (Refresh, Up)):
            every.append(kind(fleet, files, folder, pulumi))
        elif issubclass(kind, (Pyinfra, Ansible)):
            every.append(kind(fleet, files, folder, tools))
        else:
            every.append(kind(fleet, files, folder))
    return every


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
