"""All kinds in turn, each round in another order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final, TypeVar

from benchmarks.containers.kinds import Kind
from benchmarks.containers.machine import Machine
from benchmarks.pods.weight import wait_steady

CONNECTIONS: Final = (1, 16)

Each = TypeVar("Each")
Tell = Callable[[str], None]


def measure(
    of: Machine,
    every: Sequence[Kind],
    *,
    starts: int,
    rounds: int,
    counts: Sequence[int],
    load_seconds: int,
    tell: Tell,
) -> dict[str, Any]:
    """``starts`` cold and warm, and ``rounds`` of as many as each of ``counts`` and of load.

    Errors: ``BenchmarkError``, ``LabError``.
    """
    samples: dict[str, dict[str, Any]] = {
        kind.name: {
            "cold": [],
            "warm": [],
            "many": {str(count): [] for count in counts},
            "load": {str(connections): [] for connections in CONNECTIONS},
        }
        for kind in every
    }
    for number in range(starts):
        for kind in turn(every, number):
            samples[kind.name]["cold"].append(_cold(of, kind))
    tell("cold starts are done")
    for kind in every:
        of.have(kind)
        of.start(kind)
        of.stop()
    for number in range(starts):
        for kind in turn(every, number):
            samples[kind.name]["warm"].append({"seconds": round(of.start(kind), 4)})
            of.stop()
    tell("warm starts are done")
    for number in range(rounds):
        for kind in turn(every, number):
            found = samples[kind.name]
            of.start(kind)
            for connections in CONNECTIONS:
                found["load"][str(connections)].append(of.load(connections, load_seconds))
            of.stop()
            for count in counts:
                found["many"][str(count)].append(_fill(of, kind, count))
        tell(f"round {number + 1} of load and of many is done")
    images = {kind.name: kind.compressed for kind in every}
    return {"images": images, "load seconds": load_seconds, "samples": samples}


def turn(every: Sequence[Each], number: int) -> Sequence[Each]:
    """The order of a round: in time each is first, and each comes before each other."""
    first = number % len(every)
    order = [*every[first:], *every[:first]]
    return order if number % 2 == 0 else order[::-1]


def _cold(of: Machine, kind: Kind) -> dict[str, float]:
    """Seconds from an archive on the node to the first answer, and bytes that it left there."""
    before = of.disk()
    began = time.monotonic()
    of.have(kind)
    of.start(kind)
    seconds = time.monotonic() - began
    disk = of.disk() - before
    of.stop()
    of.forget(kind)
    return {"seconds": round(seconds, 4), "disk": disk}


def _fill(of: Machine, kind: Kind, count: int) -> dict[str, Any]:
    """Seconds until all answer, and what they weigh when that no longer moves."""
    before = of.weigh()
    seconds = of.start(kind, count)
    wait_steady(lambda: of.weigh().nodes)
    weight = of.weigh() - before
    of.stop(count)
    return {"seconds": round(seconds, 3), "bytes": asdict(weight)}
