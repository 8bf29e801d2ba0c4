"""How many cases a property gets, and whether they are the same ones each time."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings

T = TypeVar("T")

LEAST = 10_000
"""Cases of the whole suite; fewer are a failure."""

# How many times as many cases, at random instead of the same each time: `make fuzz TIMES=20`.
TIMES = int(os.environ.get("SHIMYARD_FUZZ_TIMES", "0"))


def cases(count: int, *, shrink: bool = True) -> Callable[[T], T]:
    """A test of ``count`` cases, the same in every run unless ``TIMES`` is set.

    Without ``shrink`` a failure is shown as it was found: for cases that take long.
    """
    phases = [phase for phase in Phase if shrink or phase is not Phase.shrink]
    return settings(
        max_examples=count * max(TIMES, 1),
        derandomize=TIMES == 0,
        database=None,
        phases=phases,
        # The suite has a limit of its own, in CPU seconds: other work on a machine is no failure.
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
