"""`python -m benchmarks.node`: measure Shimyard beside its peers, and write the report.

Needs root, and a machine that has nothing else to do. A run that was cut off goes on where it
was: what the results' file has is not measured again.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

import toolchain
from benchmarks import first_install
from benchmarks.cells import Cell, cells, measure
from benchmarks.cgroup import end_all
from benchmarks.contestants.tools import Tools
from benchmarks.errors import BenchmarkError
from benchmarks.hosts.converged import converged_layers
from benchmarks.hosts.layer import ensure_layers
from benchmarks.place import lab_in
from benchmarks.previews import compare
from benchmarks.report.goals import INSTALL, PREVIEWS
from benchmarks.report.plot import svg
from benchmarks.report.record import Record, machine, versions
from benchmarks.report.tables import document
from benchmarks.state import state
from lab.errors import LabError
from toolchain import Toolchain
from toolchain.progress import Progress

RESULTS: Final = Path(__file__).with_name("results")
HOSTS: Final = (1, 5, 20, 100)
DELAYS: Final = (0, 50)
_INSTALL_SECONDS: Final = 60
_PREVIEW_SECONDS: Final = 12

Part = Callable[[], Mapping[str, Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing; returns the exit code."""
    options = _parser().parse_args(arguments)
    record = Record(options.results.with_suffix(".json"))
    if options.report:
        _write_report(record)
        return 0
    progress = Progress()
    # However it is asked to end: what it has made goes with it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    try:
        _measure(options, record, progress)
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


def _measure(options: argparse.Namespace, record: Record, progress: Progress) -> None:
    chosen = [each for each in cells(options.hosts, options.delays) if not _done(record, each.key)]
    others = [name for name in options.parts if name != "cells" and not _done(record, name)]
    chosen = chosen if "cells" in options.parts else []
    seconds = sum(cell.estimate(options.rounds) for cell in chosen)
    seconds += _INSTALL_SECONDS * (INSTALL in others)
    seconds += _PREVIEW_SECONDS * options.rounds * (PREVIEWS in others)
    progress.line(
        f"{len(chosen)} cells and {len(others)} other parts, {options.rounds} rounds: "
        f"about {seconds / 60 + 1:.0f} minutes on two idle cores"
    )
    tools, pulumi = Tools(progress), toolchain.ensure(progress)
    record.describe(machine(), versions(pulumi, tools))
    began = time.monotonic()

    def tell(what: str) -> None:
        progress.line(f"{time.monotonic() - began:6.0f} s  {what}")

    _measure_cells(chosen, options.rounds, record, tools=tools, pulumi=pulumi, tell=tell)
    if INSTALL in others:
        record.add(INSTALL, first_install.measure(pulumi, tell))
    if PREVIEWS in others:
        record.add(PREVIEWS, {"shapes": compare.measure(pulumi, options.rounds, tell)})


def _measure_cells(
    chosen: Sequence[Cell],
    rounds: int,
    record: Record,
    *,
    tools: Tools,
    pulumi: Toolchain,
    tell: Callable[[str], None],
) -> None:
    if not chosen:
        return
    layers = ensure_layers()
    # Not in memory: overlayfs takes no other overlay below, but any real file system.
    with tempfile.TemporaryDirectory(prefix="shimyard-benchmark-", dir="/var/tmp") as name:
        folder = Path(name)
        sizes = {cell.operations: state(cell.operations) for cell in chosen}
        tell(f"converging {len(sizes)} lab nodes, whose files the hosts begin with")
        converged = converged_layers(lab_in(folder, len(sizes)), sizes, folder)
        for cell in chosen:
            tell(f"--- {cell.key}")
            load = os.getloadavg()[0]
            own = (converged[cell.operations], *layers)
            part = measure(cell, own, rounds, tools=tools, pulumi=pulumi, tell=tell)
            record.add(cell.key, {**part, "load before": round(load, 1)})


def _done(record: Record, name: str) -> bool:
    return name in record.parts


def _write_report(record: Record) -> None:
    picture = record.path.with_suffix(".svg")
    measured = [part for part in record.parts.values() if "contestants" in part]
    picture.write_text(svg(measured))
    record.path.with_suffix(".md").write_text(document(record.content, picture.name))
    print(f"written: {record.path.with_suffix('.md')}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.node", description=__doc__)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    parser.add_argument("--hosts", type=_numbers, default=HOSTS, help="such as 1,5,20,100")
    parser.add_argument("--delays", type=_numbers, default=DELAYS, help="round trips in ms: 0,50")
    parser.add_argument("--rounds", type=int, default=5, help="of each cell (%(default)s)")
    parser.add_argument(
        "--parts",
        type=lambda text: text.split(","),
        default=["cells", INSTALL, PREVIEWS],
        help=f"any of: cells,{INSTALL},{PREVIEWS}",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS / f"{today}-node",
        help="where to write, without .json, .md and .svg (%(default)s)",
    )
    parser.add_argument("--report", action="store_true", help="write the report anew, and no more")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
