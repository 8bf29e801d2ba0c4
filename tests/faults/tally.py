"""What the suite has provoked, and how long anybody waited for it: numbers to track."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, get_args

from shimyard.node.program import FOR_THE_DOCTOR
from tests.faults.points import Kind, kind_of, points, program

Killer = Literal["node shell", "provider", "pulumi"]
KILLERS: tuple[Killer, ...] = get_args(Killer)
# Neither the provider nor pulumi ever runs these verbs, so neither can be killed in the middle of
# one: tests/unit/node/test_readers.py holds that. Whoever runs them, the node's shell can be.
_NEVER_OF_THE_ENGINE = frozenset(("verb", verb) for verb in FOR_THE_DOCTOR)


@dataclass
class Kill:
    """One kill -9 of ``killer`` while the node was at ``point``.

    ``converged``: the next run has converged the node. ``seconds`` from the kill until whoever
    waited for an answer had one, or until the node was at rest.
    """

    killer: Killer
    point: str
    kind: Kind
    converged: bool = False
    seconds: float = 0.0


@dataclass
class Tally:
    """All kills of a run of the suite, and all waits for the outcome of a fault."""

    known: frozenset[Kind] = field(default_factory=lambda: points(program()))
    kills: list[Kill] = field(default_factory=list)
    waits: list[tuple[float, str]] = field(default_factory=list)

    def kill(self, killer: Killer, point: str) -> Kill:
        """Note a kill. Raises ``UnreadableStepError`` if the code has no such point."""
        noted = Kill(killer, point, kind_of(point.split(" "), self.known))
        self.kills.append(noted)
        return noted

    @contextmanager
    def wait(self, fault: str) -> Iterator[None]:
        """Note how long the block took to come to an end in spite of ``fault``."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.waits.append((time.monotonic() - began, fault))

    def covered(self, killer: Killer) -> set[Kind]:
        """The kinds of points at which ``killer`` was killed."""
        return {kill.kind for kill in self.kills if kill.killer == killer}

    def required(self, killer: Killer) -> frozenset[Kind]:
        """The kinds of points that ``killer`` can come to at all."""
        return self.known if killer == "node shell" else self.known - _NEVER_OF_THE_ENGINE

    def missed(self, killer: Killer) -> list[str]:
        """The kinds of points at which ``killer`` never was."""
        return sorted(" ".join(kind) for kind in self.required(killer) - self.covered(killer))

    def report(self) -> Sequence[str]:
        """The numbers, a line each; only of those killers that this run has used."""
        lines = []
        for killer in KILLERS:
            kills = [kill for kill in self.kills if kill.killer == killer]
            if not kills:
                continue
            converged = sum(kill.converged for kill in kills)
            slowest = max(kills, key=lambda kill: kill.seconds)
            lines += [
                f"{killer}: kill points covered: "
                f"{len(self.covered(killer))}/{len(self.required(killer))}",
                f"{killer}: {len(kills)} kills, {converged} converged at the next run "
                f"({converged / len(kills):.0%})",
                f"{killer}: longest hang {slowest.seconds:.1f} s, at {slowest.point!r}",
            ]
        if self.waits:
            seconds, fault = max(self.waits)
            lines.append(
                f"all other faults: {len(self.waits)}, longest hang {seconds:.1f} s: {fault}"
            )
        return lines


TALLY = Tally()
