"""What every operation can do: tell its line in the plan, and what a person should know of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

_FORBIDDEN = frozenset("\t\n\r\0")


class Operation(ABC):
    """One entry of a plan."""

    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """The name of the operation in the node's program, then its arguments."""

    def effect(self) -> str | None:
        """A sentence for the preview if running containers or services notice it."""
        return None

    def line(self) -> str:
        """The plan's line. Raises ValueError for a word that the line format can't carry."""
        return plan_line(self.words())


def plan_line(words: Iterable[str]) -> str:
    """Words as one line: separated by tabs, "-" for an empty one, which `read` would skip.

    Raises ValueError for a word that the format can't carry.
    """
    shown = [word or "-" for word in words]
    for word in shown:
        if _FORBIDDEN & set(word):
            raise ValueError(f"{word!r} can't stand in a plan: it has a tab or a line end")
    return "\t".join(shown)
