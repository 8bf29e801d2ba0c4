"""How a running transaction tells where it is."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """Called with the step and a sentence, from the thread that runs the transaction."""

    def __call__(self, step: str, sentence: str, /) -> None:
        """Tell it to whoever watches."""


def silent(step: str, sentence: str, /) -> None:
    """A report that nobody reads."""
