"""`python -m benchmarks.density`: a Wasm pod beside the same app as an ordinary container.

Needs root, and a machine that has nothing else to do.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

import toolchain
from benchmarks.errors import BenchmarkError
from benchmarks.pods.cluster import cluster
from benchmarks.pods.rounds import measure
from benchmarks.report.density import PODS, document
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
    record.path.with_suffix(".md").write_text(document(record.content))
    print(f"written: {record.path.with_suffix('.md')}")
    return 0


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _measure(options: argparse.Namespace, record: Record) -> None:
    progress = Progress()
    pulumi = toolchain.ensure(progress).with_kubernetes(toolchain.ensure_kubernetes(progress))
    found = machine()
    began = time.monotonic()

    def tell(what: str) -> None:
        progress.line(f"{time.monotonic() - began:6.0f} s  {what}")

    with cluster(pulumi, progress) as made:
        tell("the cluster is there")
        record.describe(found, {"shimyard": commit(), **made.versions})
        part = measure(
            made,
            starts=options.starts,
            rounds=options.rounds,
            replicas=options.replicas,
            tell=tell,
        )
    record.add(PODS, part)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.density", description=__doc__)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    parser.add_argument("--starts", type=int, default=15, help="of one pod, each (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="of many, each (%(default)s)")
    parser.add_argument("--replicas", type=int, default=100, help="how many (%(default)s)")
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS / f"{today}-density",
        help="where to write, without .json and .md (%(default)s)",
    )
    parser.add_argument("--report", action="store_true", help="write the report anew, and no more")
    return parser


if __name__ == "__main__":
    sys.exit(main())
