"""What every operation can do: tell its line in the plan, and what a person should know of it."""

from __future__ import annotations

from abc import ABC, abstractmethod

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
        words = [word if word else "-" for word in self.words()]
        for word in words:
            if _FORBIDDEN & set(word):
                raise ValueError(f"{word!r} can't stand in a plan: it has a tab or a line end")
        return "\t".join(words)
