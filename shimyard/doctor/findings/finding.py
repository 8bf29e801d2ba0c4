"""One thing that is wrong, or soon will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["broken", "warning"]
Kind = Literal[
    "unreachable",
    "member",
    "not-ready",
    "cordoned",
    "change",
    "service",
    "orphan",
    "memory",
    "unscheduled",
    "world",
    "engine",
    "disk",
    "clock",
    "certificate",
]

_SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """``node``: the machine that it is about, "" for the cluster as a whole."""

    kind: Kind
    severity: Severity
    node: str
    sentence: str
    mend: str


def some(names: Sequence[str]) -> str:
    """The first few of many: 'a, b, c and 9 more'."""
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
