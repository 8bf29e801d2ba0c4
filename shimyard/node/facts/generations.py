"""Facts of generations: what is current, which canaries passed, what was cut off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shimyard.node.facts.lines import Lines


@dataclass(frozen=True)
class CanaryResult:
    """The last canary of a handler: ``milliseconds`` from start to end, ``at`` in Unix seconds."""

    result: str
    milliseconds: int
    at: int


@dataclass(frozen=True)
class GenerationFacts:
    """``current``: resource -> generation. ``canaries``: handler -> result.

    ``pending``: a transaction was cut off or is under way. ``running``: one is under way, or what
    one was cut off at is being taken back.
    """

    current: Mapping[str, int] = field(default_factory=dict)
    canaries: Mapping[str, CanaryResult] = field(default_factory=dict)
    pending: bool = False
    running: bool = False

    @classmethod
    def parse(cls, lines: Lines) -> GenerationFacts:
        """From the lines resource, canary, pending and running."""
        return cls(
            {resource: int(number) for resource, number in lines.of("resource", 2)},
            {
                handler: CanaryResult(result, int(milliseconds or 0), int(at or 0))
                for _, handler, result, milliseconds, at in lines.of("canary", 5)
            },
            any(True for _ in lines.of("pending", 1)),
            any(True for _ in lines.of("running", 1)),
        )
