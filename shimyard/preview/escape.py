"""Texts of others inside of Markdown: whatever they hold, they stay texts.

Names of resources, contents of files and messages of machines are not ours. GitHub would make
headings, links, images and mentions of people out of them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from shimyard.errors import escaped

_LONGEST = 200
_BACKTICKS = re.compile(r"`+")


def code(text: str, limit: int = _LONGEST) -> str:
    """``text`` as code within a line. Nothing in it is Markdown, HTML, a link or a mention."""
    line = one_line(text, limit)
    fence = "`" * (_longest_run(line) + 1)
    # A code span takes one blank at each end away.
    pad = " " if line.startswith(("`", " ")) or line.endswith(("`", " ")) or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def html_code(text: str, limit: int = _LONGEST) -> str:
    """The same inside of HTML, where Markdown does not reach: `<summary>`."""
    return f"<code>{html.escape(one_line(text, limit))}</code>"


def block(lines: Iterable[str], language: str = "") -> list[str]:
    """``lines`` as a block of code, whatever fences stand in them."""
    shown = [escaped(line).replace("\n", "\\n") for line in lines]
    fence = "`" * max(3, _longest_run("\n".join(shown)) + 1)
    return [f"{fence}{language}", *shown, fence]


def one_line(text: str, limit: int = _LONGEST) -> str:
    """``text`` in one line and not longer than ``limit``, control characters as escapes."""
    line = escaped(text).replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _longest_run(text: str) -> int:
    return max((len(found) for found in _BACKTICKS.findall(text)), default=0)
