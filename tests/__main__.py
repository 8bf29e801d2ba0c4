"""Runs test suites one after another and says how long each took."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

_TESTS = Path(__file__).parent


def main(suites: list[str], *, trial: bool = False) -> int:
    """Exit code 0 if every suite has passed; a suite that ran no test has failed.

    ``trial``: run what has not been seen to pass yet, and nothing else.
    """
    results: list[tuple[str, int, float]] = []
    for suite in suites:
        print(f"--- {suite} ---", flush=True)
        started = time.monotonic()
        command = [sys.executable, "-m", "pytest", "--durations=5", str(_TESTS / suite)]
        command += ["-m", "trial" if trial else "not trial"]
        code = subprocess.run(command, cwd=_TESTS.parent, check=False).returncode
        results.append((suite, code, time.monotonic() - started))
    for suite, code, seconds in results:
        print(f"{suite:<10} {'passed' if code == 0 else 'FAILED':<8} {seconds:6.0f} s")
    failed = sum(code != 0 for _, code, _ in results)
    print(f"suites: {len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    words = sys.argv[1:]
    suites = [word for word in words if word != "--trial"]
    every = ["unit", "program", "fuzz", "engine", "faults", "lab"]
    sys.exit(main(suites or every, trial="--trial" in words))
