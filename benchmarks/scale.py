"""`python -m benchmarks.scale`: what one stack of 10, 100 and 1,000 simulated nodes costs.

Needs root, and a machine that has nothing else to do. A run that was cut off goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, Final

import toolchain
from benchmarks.cgroup import end_all
from benchmarks.errors import BenchmarkError
from benchmarks.report.growth import document, svg
from benchmarks.report.record import Record, machine, versions
from benchmarks.simulation.fleet import SimulatedFleet
from benchmarks.simulation.round import FIRST_UP, Rounds
from lab.errors import LabError
from toolchain import Toolchain
from toolchain.progress import Progress

RESULTS: Final = Path(__file__).with_name("results")
NODES: Final = (10, 100, 1000)
STATED: Final = (10, 100)
STATE_EACH_STEP: Final = "first up, the state written after each step"
# Rounds of a size, if fewer than asked for: a round takes minutes.
_MOST_ROUNDS: Final = ((1000, 2), (100, 3))
# Seconds of a round on two idle cores: at least, and for each node.
_COST: Final = (10, 0.25)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing; returns the exit code."""
    options = _parser().parse_args(arguments)
    record = Record(options.results.with_suffix(".json"))
    if options.report:
        _write_report(record)
        return 0
    # However it is asked to end: what it has made goes with it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    try:
        measure(options.nodes, options.state_each_step, options.rounds, record, Progress())
    except (BenchmarkError, LabError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    finally:
        end_all()
        if record.parts:
            _write_report(record)
    return 0


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def measure(
    nodes: Sequence[int],
    state_each_step: Sequence[int],
    rounds: int,
    record: Record,
    progress: Progress,
) -> None:
    """Measure the sizes that the record has not yet, their rounds in turn.

    ``state_each_step``: sizes of which a first `up` is also measured as the engine does it unless
    it is told otherwise. Raises ``BenchmarkError``, ``LabError``.
    """
    plan = [(size, number) for number in range(rounds) for size in sorted(nodes)
            if number < rounds_of(size, rounds) and _name(size) not in record.parts]  # fmt: skip
    least, each = _COST
    seconds = sum(least + each * size for size, _ in plan)
    progress.line(f"{len(plan)} rounds: about {seconds / 60 + 1:.0f} minutes on two idle cores")
    pulumi = toolchain.ensure(progress).with_kubernetes(toolchain.ensure_kubernetes(progress))
    record.describe(machine(), versions(pulumi))
    began = time.monotonic()

    def tell(what: str) -> None:
        progress.line(f"{time.monotonic() - began:6.0f} s  {what}")

    found: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="shimyard-benchmark-") as name:
        folders = (Path(name) / str(number) for number in count())
        for size, number in plan:
            part = found.setdefault(size, {"nodes": size, "load before": [], "commands": {}})
            part["load before"].append(round(os.getloadavg()[0], 1))
            stated = size in state_each_step
            _round(part, number, next(folders), pulumi, stated=stated, tell=tell)
            if number + 1 == rounds_of(size, rounds):
                record.add(_name(size), part)


def rounds_of(size: int, rounds: int) -> int:
    """How many rounds a size gets, of those that were asked for."""
    return min([rounds, *(most for least, most in _MOST_ROUNDS if size >= least)])


def _round(
    part: dict[str, Any],
    number: int,
    folder: Path,
    pulumi: Toolchain,
    *,
    stated: bool,
    tell: Callable[[str], None],
) -> None:
    folder.mkdir()
    commands: dict[str, list[Any]] = part["commands"]
    with SimulatedFleet(part["nodes"], folder) as fleet:
        rounds = Rounds(fleet, part["nodes"], pulumi, at_the_end=True, tell=tell)
        done = rounds.run(folder / "stack", prove=number == 0 and part["nodes"] <= min(NODES))
        samples = {name: sample.as_json() for name, sample in done.samples.items()}
        if stated:
            usual = Rounds(fleet, part["nodes"], pulumi, at_the_end=False, tell=tell)
            again = usual.run(folder / "usual", only=(FIRST_UP,))
            samples[STATE_EACH_STEP] = again.samples[FIRST_UP].as_json()
    for name, sample in samples.items():
        commands.setdefault(name, []).append(sample)
    part["state"] = done.state


def _name(size: int) -> str:
    return f"{size} nodes"


def _write_report(record: Record) -> None:
    picture = record.path.with_suffix(".svg")
    picture.write_text(svg(record.parts))
    record.path.with_suffix(".md").write_text(document(record.content, picture.name))
    print(f"written: {record.path.with_suffix('.md')}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    parser.add_argument("--nodes", type=_numbers, default=NODES, help="such as 10,100,1000")
    parser.add_argument(
        "--state-each-step",
        type=_numbers,
        default=STATED,
        help="sizes of which a first up is also measured with the state written after each step",
    )
    parser.add_argument("--rounds", type=int, default=5, help="of a size; fewer of large ones")
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS / f"{today}-scale",
        help="where to write, without .json, .md and .svg (%(default)s)",
    )
    parser.add_argument("--report", action="store_true", help="write the report anew, and no more")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(",") if word)


if __name__ == "__main__":
    sys.exit(main())
