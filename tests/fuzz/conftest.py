"""Counts the cases that have really run, and bounds the time and the memory of each."""

from __future__ import annotations

import functools
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import is_hypothesis_test
from hypothesis.errors import UnsatisfiedAssumption

from tests.fuzz.profile import LEAST

_HERE = Path(__file__).parent
# The longest takes 1.2 s on an idle machine, and twice that where others want the same caches.
_SECONDS = 5.0
_MEGABYTES = 200

_counts: dict[str, int] = {}
_whole = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the counter between hypothesis and each property of this suite."""
    wrapped: set[int] = set()
    for item in items:
        if _HERE not in item.path.parents or not isinstance(item, pytest.Function):
            continue
        if is_hypothesis_test(item.obj) and id(item.obj) not in wrapped:
            wrapped.add(id(item.obj))
            handle = item.obj.hypothesis
            handle.inner_test = _counted(handle.inner_test, item.path.stem)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Only a run of the whole suite can have too few cases."""
    global _whole  # noqa: PLW0603 - hooks share nothing else
    collected = {item.path for item in session.items}
    options = session.config.option
    _whole = collected.issuperset(_HERE.glob("test_*.py")) and not (options.keyword)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Too few cases: the suite has not tested what it says."""
    if _whole and session.exitstatus == 0 and sum(_counts.values()) < LEAST:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The number of cases by file, and in all."""
    total = sum(_counts.values())
    for name, count in sorted(_counts.items()):
        terminalreporter.write_line(f"{name:<24} {count:6} cases")
    short = f", at least {LEAST} are wanted" if _whole and total < LEAST else ""
    terminalreporter.write_line(f"fuzz: {total} cases{short}")


def _counted(test: Callable[..., object], name: str) -> Callable[..., object]:
    @functools.wraps(test)
    def run(*arguments: object, **named: object) -> object:
        peak, started = _peak(), time.process_time()
        try:
            result = test(*arguments, **named)
        except UnsatisfiedAssumption:
            raise
        except BaseException:
            _counts[name] = _counts.get(name, 0) + 1
            raise
        _counts[name] = _counts.get(name, 0) + 1
        seconds, growth = time.process_time() - started, _peak() - peak
        assert seconds < _SECONDS, f"one case took {seconds:.1f} s of CPU time"
        assert growth < _MEGABYTES, f"one case took {growth:.0f} MB of memory"
        return result

    return run


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
