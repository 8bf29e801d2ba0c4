"""The one root of all errors that Shimyard raises on purpose."""

from __future__ import annotations


class ShimyardError(Exception):
    """Something a person can mend: a sentence that says what is wrong, and one that says the mend.

    Attributes: ``problem`` (what is wrong), ``mend`` (what to do about it).
    """

    def __init__(self, problem: str, *, mend: str) -> None:
        super().__init__(f"{problem}\n  mend: {mend}")
        self.problem = problem
        self.mend = mend
