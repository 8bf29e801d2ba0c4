"""Reads Markdown as its readers see it: which texts are code, and which elements there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

_PLAIN = ("h2", "h3", "h4", "p", "ul", "li", "pre", "code", "strong", "em", "details", "summary")
VOID = {"br", "hr", "img", "input"}


@dataclass
class Page:
    """``elements``: every tag; ``code``: texts inside of code; ``prose``: all other texts."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def strange(self) -> list[str]:
        """Elements that no summary has."""
        return [tag for tag, given in self.elements if tag not in _PLAIN or _extra(tag, given)]


def _extra(tag: str, given: dict[str, str | None]) -> bool:
    if tag == "code":
        return not set(given) <= {"class"} or given.get("class", "language-diff") != "language-diff"
    return bool(given)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> does not close what is open"

    def handle_data(self, data: str) -> None:
        (self.page.code if "code" in self.open else self.page.prose).append(data)

    def handle_comment(self, data: str) -> None:
        self.page.comments.append(data)


def read_page(markdown: str) -> Page:
    """Render as GitHub does (CommonMark, tables, links out of plain texts, HTML), and read it.

    Asserts that every element is closed where it was opened.
    """
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown)
    reader = _Reader()
    reader.feed(rendered)
    reader.close()
    assert reader.open == []
    return reader.page
