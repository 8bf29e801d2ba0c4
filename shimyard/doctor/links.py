"""A link of the chain that makes a handler work, and the four things that it can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

LinkName = Literal["shim", "config", "cri", "class", "label", "canary"]
State = Literal["ok", "broken", "unknown", "not applicable"]

LINKS: Final[Mapping[LinkName, str]] = {
    "shim": "shim on disk",
    "config": "merged containerd config",
    "cri": "the CRI's view",
    "class": "RuntimeClass",
    "label": "node label",
    "canary": "last canary",
}
"""The links in their order, with the words for a person."""


@dataclass(frozen=True)
class Link:
    """``reason``: what was seen, a sentence's part. ``mend``: only of one that is broken."""

    name: LinkName
    state: State
    reason: str
    mend: str = ""


Fault = tuple[str, str]
"""What is wrong with a link, and its mend."""


def judged(name: LinkName, faults: Iterable[Fault], good: str) -> Link:
    """Broken by the first of ``faults``; ``good``: what was seen if there is none."""
    for reason, mend in faults:
        return broken(name, reason, mend=mend)
    return ok(name, good)


def ok(name: LinkName, reason: str) -> Link:
    """It holds."""
    return Link(name, "ok", reason)


def broken(name: LinkName, reason: str, *, mend: str) -> Link:
    """It does not, and this is what to do."""
    return Link(name, "broken", reason, mend)


def unknown(name: LinkName, reason: str) -> Link:
    """Nobody could tell."""
    return Link(name, "unknown", reason)


def not_applicable(name: LinkName, reason: str) -> Link:
    """The handler of this machine does not need it."""
    return Link(name, "not applicable", reason)
