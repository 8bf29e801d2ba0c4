"""A cell: so many hosts, so much delay, so many operations; every contestant in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.contestants.ansible import Ansible, Mitogen
from benchmarks.contestants.bare import Facts
from benchmarks.contestants.base import Contestant
from benchmarks.contestants.login import Login
from benchmarks.contestants.pyinfra import Pyinfra
from benchmarks.contestants.shimyard import Refresh, Up
from benchmarks.contestants.tools import Tools
from benchmarks.honesty import prove
from benchmarks.hosts.fleet import Fleet
from benchmarks.measure import peak_memory, run
from benchmarks.state import state
from toolchain import Toolchain

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Cell:
    """``delay``: round trip in milliseconds. ``operations``: how many files each host has.

    ``peers``: whether the peers take part, or Shimyard alone.
    """

    hosts: int
    delay: int
    operations: int = 10
    peers: bool = True

    @property
    def key(self) -> str:
        """Its name in the results."""
        return f"{self.hosts} hosts, {self.delay} ms, {self.operations} operations"


def cells(hosts: Sequence[int], delays: Sequence[int]) -> list[Cell]:
    """The grid, and two cells that show what more operations cost."""
    grid = [Cell(count, delay, MANY_HOSTS.get(count, 10)) for count in hosts for delay in delays]
    return [*grid, *(Cell(1, 50, operations, peers=False) for operations in (50, 200))]


# With all ten, ansible-core alone would take most of an hour there.
MANY_HOSTS: Final = {100: 2}


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
        folder = Path(name)
        with Fleet(cell.hosts, layers, _made(folder / "fleet")) as fleet:
            fleet.line.set_round_trip(cell.delay / 1000)
            places = iter(_made(folder / str(number)) for number in range(9))
            every: list[Contestant] = [
                Login(fleet, files, next(places)),
                Facts(fleet, files, next(places)),
                Refresh(fleet, files, next(places), pulumi),
                Up(fleet, files, next(places), pulumi),
            ]
            if cell.peers:
                every += [
                    kind(fleet, files, next(places), tools) for kind in (Pyinfra, Mitogen, Ansible)
                ]
            results: dict[str, Any] = {}
            for contestant in every:
                tell(f"{contestant.name}: finds a drifted file, and nothing else")
                contestant.prepare()
                proof = prove(contestant, fleet, files)
                results[contestant.name] = {
                    "means": contestant.means,
                    "proof": proof,
                    "peak memory": peak_memory(contestant, fleet),
                    "samples": [],
                }
            for number in range(rounds):
                turn = number % len(every)
                for contestant in (*every[turn:], *every[:turn]):
                    sample, _ = run(contestant, fleet)
                    results[contestant.name]["samples"].append(sample.as_json())
                    tell(f"round {number + 1}, {contestant.name}: {sample.seconds:.2f} s")
    return {
        "hosts": cell.hosts,
        "delay": cell.delay,
        "operations": cell.operations,
        "contestants": results,
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
