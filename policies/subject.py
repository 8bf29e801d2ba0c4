"""What a rule looks at, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Config = Mapping[str, Any]
"""The settings of one policy: property -> value."""


@dataclass(frozen=True)
class Subject:
    """One resource. ``inputs``: as its provider has checked them (``policies.values``)."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]

    @property
    def parents(self) -> tuple[str, ...]:
        """Types of the components that it is a part of, the outermost first."""
        _, _, kinds, _ = self.urn.split("::", maxsplit=3)
        return tuple(kinds.split("$")[:-1])

    @property
    def is_of_a_machine(self) -> bool:
        """Whether it is something on a machine; K3s' own containerd brings a runtime along, too."""
        return self.type.startswith("shimyard-edge:node:")


@dataclass(frozen=True)
class Violation:
    """``where``: the part of the resource; ``reason``: what is wrong; ``mend``: what to do."""

    where: str
    reason: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}\n  mend: {self.mend}"


Rule = Callable[[Subject, Config], Iterable[Violation]]
