"""Pieces of a Markdown text, and how they are fitted into what a comment holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shimyard.preview.escape import block, html_code

COMMENT_LIMIT = 65_536
"""Characters that GitHub takes in a comment."""

_MOST_LINES = 400
_KEPT = 20


@dataclass(frozen=True)
class Text:
    """Lines that stand as they are."""

    lines: tuple[str, ...]

    @classmethod
    def of(cls, *lines: str) -> Text:
        """One piece of some lines."""
        return cls(lines)


@dataclass(frozen=True)
class Folded:
    """A block of code that opens on a click. It may be shortened, and in need left out."""

    title: str
    suffix: str
    body: tuple[str, ...]
    language: str = "diff"

    def render(self, most: int = _MOST_LINES) -> list[str]:
        """Its lines, with at most ``most`` of the body."""
        shown = list(self.body[:most])
        left = len(self.body) - len(shown)
        if left:
            shown.append(f"... {left} more lines")
        return [
            f"<details><summary>{html_code(self.title)}{self.suffix}</summary>",
            "",
            *block(shown, self.language),
            "",
            "</details>",
            "",
        ]


Part = Text | Folded


def fitted(parts: Sequence[Part], limit: int, more: str) -> str:
    """All parts in order within ``limit`` characters.

    First long blocks are shortened, then blocks are left out from the last on, then texts are cut
    between two lines. ``more``: a line that is added where something is missing.
    """
    for most in (_MOST_LINES, 100, _KEPT):
        text = _joined(_rendered(parts, most))
        if _size(text) <= limit:
            return text
    return _cut(parts, limit, more)


def listed(lines: Sequence[str], most: int, what: str) -> list[str]:
    """The first lines of a list, and how many there are beyond them."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[:most], f"- … and {len(lines) - most} more {what}"]


def _cut(parts: Sequence[Part], limit: int, more: str) -> str:
    """As many texts as fit, and then as many blocks as fit between them."""
    room = limit - _size(f"\n{more}\n")
    kept: dict[int, list[str]] = {}
    for index, part in enumerate(parts):
        if isinstance(part, Text):
            lines = _fitting(part.lines, room)
            kept[index] = lines
            room -= _size(_joined(lines))
            if len(lines) < len(part.lines):
                room = 0
    for index, part in enumerate(parts):
        if isinstance(part, Folded):
            lines = part.render(_KEPT)
            if _size(_joined(lines)) <= room:
                kept[index] = lines
                room -= _size(_joined(lines))
    lines = [line for index in sorted(kept) for line in kept[index]]
    return _joined([*lines, "", more])


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    found = []
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            break
        found.append(line)
    return found


def _rendered(parts: Sequence[Part], most: int) -> list[str]:
    found: list[str] = []
    for part in parts:
        found += part.lines if isinstance(part, Text) else part.render(most)
    return found


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _size(text: str) -> int:
    # UTF-16, as the services behind a browser count; never less than the number of characters.
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
