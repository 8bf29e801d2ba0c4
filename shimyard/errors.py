"""The one root of all errors that Shimyard raises on purpose."""

from __future__ import annotations

import re
from collections.abc import Sequence

_CONTROL = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\U0010ffff]")
_SHOWN = 64
_PROBLEMS = 50


class ShimyardError(Exception):
    """Something a person can mend: a sentence that says what is wrong, and one that says the mend.

    Attributes: ``problem`` (what is wrong), ``mend`` (what to do about it).
    """

    def __init__(self, problem: str, *, mend: str) -> None:
        self.problem = escaped(problem)
        self.mend = escaped(mend)
        super().__init__(f"{self.problem}\n  mend: {self.mend}")


def shown(text: str) -> str:
    """A name out of somebody's file for one line of a message: no line ends, and short."""
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return escaped(short).replace("\n", "\\n").replace("\t", "\\t")


def listed(problems: Sequence[tuple[str, str]]) -> str:
    """(field, sentence) of each mistake, one a line; of very many, the first ones."""
    lines = [f"  {field}: {sentence}" for field, sentence in problems[:_PROBLEMS]]
    if len(problems) > _PROBLEMS:
        lines.append(f"  and {len(problems) - _PROBLEMS} more")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """``text`` with every character that is none for a terminal as an escape; lines stay."""
    # What a node or a file says may hold sequences that rewrite a terminal.
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
