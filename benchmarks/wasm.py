"""`python -m benchmarks.wasm`: Wasm containers beside ordinary ones of the same program.

Needs root, and a machine that has nothing else to do.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

import toolchain
from benchmarks.containers.kinds import kinds
from benchmarks.containers.machine import machine as running
from benchmarks.containers.rounds import measure
from benchmarks.errors import BenchmarkError
from benchmarks.place import lab_in
from benchmarks.report.containers import CONTAINERS, document, svg
from benchmarks.report.record import Record, commit, machine
from lab.errors import LabError
from toolchain.progress import Progress

RESULTS: Final = Path(__file__).with_name("results")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write the report; returns the exit code."""
    options = _parser().parse_args(arguments)
    record = Record(options.results.with_suffix(".json"))
    if not options.report:
        signal.signal(signal.SIGTERM, _leave)
        try:
            _measure(options, record)
        except (BenchmarkError, LabError) as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 1
    plot = record.path.with_suffix(".svg")
    plot.write_text(svg(record.content))
    record.path.with_suffix(".md").write_text(document(record.content, plot.name))
    print(f"written: {record.path.with_suffix('.md')}")
    return 0


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _measure(options: argparse.Namespace, record: Record) -> None:
    progress = Progress()
    pulumi = toolchain.ensure(progress)
    every = kinds(progress)
    found = machine()
    began = time.monotonic()

    def tell(what: str) -> None:
        progress.line(f"{time.monotonic() - began:6.0f} s  {what}")

    with (
        tempfile.TemporaryDirectory(prefix="shimyard-benchmark-", dir="/var/tmp") as name,
        running(pulumi, every, lab_in(Path(name), 1), Path(name, "stack"), progress) as node,
    ):
        tell("the node is there")
        record.describe(found, {"shimyard": commit(), **node.versions})
        part = measure(
            node,
            every,
            starts=options.starts,
            rounds=options.rounds,
            counts=options.counts,
            load_seconds=options.load,
            tell=tell,
        )
    record.note(options.note)
    record.add(CONTAINERS, part)


def _counts(text: str) -> list[int]:
    found = sorted({int(word) for word in text.split(",")})
    if found[0] < 1:
        raise ValueError(text)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wasm", description=__doc__)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    parser.add_argument("--starts", type=int, default=15, help="cold and warm (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="of load and many (%(default)s)")
    parser.add_argument(
        "--counts", type=_counts, default=[1, 10, 50], help="how many at once (1,10,50)"
    )
    parser.add_argument("--load", type=int, default=5, help="seconds of a run of wrk (%(default)s)")
    parser.add_argument("--note", default="", help="a sentence for the report, as of disturbances")
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS / f"{today}-wasm",
        help="where to write, without .json, .md and .svg (%(default)s)",
    )
    parser.add_argument("--report", action="store_true", help="write the report anew, and no more")
    return parser


if __name__ == "__main__":
    sys.exit(main())
