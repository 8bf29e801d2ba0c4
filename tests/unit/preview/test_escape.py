"""Texts of others stay texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shimyard.preview.escape import block, code, html_code, one_line
from tests.unit.preview.reading import read_page

HOSTILE = [
    "`",
    "``` `",
    "a`b``c```d",
    "</code></summary></details><img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[click](https://evil.example.com) ![pixel](https://evil.example.com/p.png)",
    "@octocat please look, closes #1",
    "# heading\n\n- list\n\n```\nfence\n```",
    "| a | b |\n|---|---|\n| c | d |",
    "a\\`b\\",
    " padded ",
    "",
    "\x1b[2J\x1b[31mred",
    "right-to-left \u202e gnp.exe",
    "\r\n## not a heading\r\n",
    "<!-- shimyard-preview: other -->",
    "&lt;b&gt;",
    "~~~\n</details>\n~~~",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_code_in_a_line_is_nothing_but_code(text: str) -> None:
    page = read_page(f"- before {code(text)} after\n")
    assert page.strange == []
    assert "".join(page.code).strip() == one_line(text).strip()
    assert "".join(page.prose).split() == ["before", "after"]
    assert page.comments == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_title_is_nothing_but_code(text: str) -> None:
    page = read_page(f"<details><summary>{html_code(text)}</summary>\n\nx\n\n</details>\n")
    assert page.strange == []
    assert "".join(page.code) == one_line(text)
    assert page.comments == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_block_ends_only_where_it_should(text: str) -> None:
    page = read_page("\n".join(["before", "", *block(text.split("\n"), "diff"), "", "after"]))
    assert page.strange == []
    assert page.comments == []
    assert "".join(page.prose).split() == ["before", "after"]


@given(st.text())
def test_no_text_at_all_gets_out_of_its_code(text: str) -> None:
    page = read_page(f"{code(text)} and\n\n" + "\n".join(block([text])))
    assert page.strange == []
    assert "".join(page.prose).split() == ["and"]


def test_nothing_reorders_or_hides_a_line() -> None:
    assert "\u202e" not in code("a\u202eb")
    assert "\x1b" not in "".join(block(["\x1b[2J"]))
    assert "\n" not in code("a\nb")


def test_a_long_text_is_cut() -> None:
    assert len(code("x" * 10_000)) < 250
    assert code("x" * 10_000).endswith("…`")
