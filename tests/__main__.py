"""Runs test suites, several at once, and says how long each took."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_TESTS = Path(__file__).parent
# The longest parts begin early, so that they are not what all others have to wait for at the end.
SUITES = ("unit", "program", "faults", "fuzz", "engine", "lab")
# They mostly wait for nodes and servers. `faults` counts over the whole suite, so it stays one.
_IN_PARTS = ("engine", "lab")
# A cluster a module, for minutes.
_BY_MODULE = ("engine/cluster",)


@dataclass(frozen=True)
class Result:
    """What came of a part: pytest's exit code, and how long it took, in seconds."""

    part: str
    code: int
    seconds: float
    output: str = ""


def parts(suite: str, tests: Path = _TESTS) -> Iterator[str]:
    """What runs as a process of its own, as paths below ``tests``."""
    if suite not in _IN_PARTS:
        yield suite
        return
    for path in sorted((tests / suite).iterdir()):
        name = path.relative_to(tests).as_posix()
        if name in _BY_MODULE:
            yield from (f"{name}/{module.name}" for module in sorted(path.glob("test_*.py")))
        elif path.match("test_*.py") or (path.is_dir() and any(path.rglob("test_*.py"))):
            yield name


def run_suites(suites: Sequence[str], *, lanes: int) -> list[Result]:
    """Run each part of ``suites``; ``lanes`` at a time, whose output comes when they end."""
    printing = threading.Lock()

    def run(part: str) -> Result:
        command = [sys.executable, "-m", "pytest", "--durations=5", str(_TESTS / part)]
        started = time.monotonic()
        with printing:
            print(f"--- {part} ---", flush=True)
        if lanes == 1:
            code = subprocess.run(command, cwd=_TESTS.parent, check=False).returncode
            return Result(part, code, time.monotonic() - started)
        with tempfile.TemporaryFile("w+", errors="replace") as output:
            code = subprocess.run(
                command, cwd=_TESTS.parent, check=False, stdout=output, stderr=subprocess.STDOUT
            ).returncode
            output.seek(0)
            told = output.read()
        with printing:
            print(f"--- {part} has ended ---\n{told}", flush=True)
        return Result(part, code, time.monotonic() - started, told)

    every = [part for suite in suites for part in parts(suite)]
    with ThreadPoolExecutor(lanes) as pool:
        return list(pool.map(run, every))


def main() -> int:
    """Exit code 0 if every suite has passed."""
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("suites", nargs="*", default=SUITES, metavar="SUITE")
    parser.add_argument(
        "--lanes",
        type=int,
        # Each waits for its nodes a third of its time.
        default=(os.cpu_count() or 1) + 1,
        help="how many at a time (default: one more than cores)",
    )
    options = parser.parse_args()
    unknown = sorted(set(options.suites) - set(SUITES))
    if unknown:
        parser.error(f"there is no suite {', '.join(unknown)}; there are: {', '.join(SUITES)}")
    results = run_suites(options.suites, lanes=options.lanes)
    failed = [result for result in results if result.code != 0]
    for result in failed:
        # Once more, where the eye falls first.
        print(f"--- {result.part} FAILED ---\n{result.output}", flush=True)
    for result in results:
        said = "FAILED" if result in failed else "passed"
        print(f"{result.part:<44} {said:<8} {result.seconds:6.0f} s")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
