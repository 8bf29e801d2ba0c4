"""A summary as a comment."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shimyard.preview.markdown import markdown, marker_of
from shimyard.preview.parts import COMMENT_LIMIT
from tests.unit.preview.logs import (
    DEPLOYMENT,
    FILES,
    RUNTIME,
    diagnostic,
    runtime,
    step,
    summary,
    violation,
)
from tests.unit.preview.reading import read_page
from tests.unit.preview.test_escape import HOSTILE


def drained(node: str) -> dict[str, Any]:
    effects = [f"drains {node}", "restarts containerd.service: config"]
    old = runtime(node, files={"/etc/a": "1\n"})
    return step(
        "update", RUNTIME, node, old, runtime(node, files={"/etc/a": "2\n"}, effects=effects)
    )


def size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_it_begins_with_what_must_not_be_missed() -> None:
    text = markdown(
        summary(
            drained("edge-1"),
            drained("edge-2"),
            step("update", DEPLOYMENT, "shop.app", {"a": 1}, {"a": 2}),
            step("delete", FILES, "edge-3", runtime("edge-3")),
            violation("container app: is not set\n  mend: set it"),
            violation("x", level="advisory", policy="pinned-images"),
            diagnostic("edge-4 is no name"),
            result="failed",
        )
    )
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert headings == [
        "Preview of stack `bench`",
        "⚠️ 1 deleted or replaced",
        "❌ Errors",
        "🔁 Restarts and drains",
        "⛔ Policies",
        "Machines (3)",
        "`edge-1`, `edge-2`",
        "`edge-3`",
        "Kubernetes objects (1)",
        "Advisory policies (1)",
    ]
    assert "**❌ the preview failed**" in text
    assert "- `drains` on `edge-1`, `edge-2`" in text
    assert "- `restarts containerd.service: config` on `edge-1`, `edge-2`" in text
    assert "- ⛔ **`container-limits`** (mandatory): `Deployment it`" in text
    assert "<summary><code>~ /etc/a</code> (+1 -1)</summary>" in text
    assert "  - `a`: `1` → `2`" in text
    read_page(text)


def test_machines_with_the_same_change_are_told_once() -> None:
    text = markdown(summary(drained("edge-1"), drained("edge-2")))
    assert text.count("<details>") == 1
    assert text.count("drains it") == 1


def test_nothing_to_do_is_said_in_a_line() -> None:
    text = markdown(summary(step("same", RUNTIME, "edge-1", runtime(), runtime())))
    assert "**✅ can be applied**" in text
    assert "No changes; 1 unchanged." in text
    assert "###" not in text


def test_a_preview_without_a_state_says_so() -> None:
    assert "Compared with nothing" in markdown(summary(compared=False))
    assert "Compared with nothing" not in markdown(summary())


def test_a_program_finds_its_comment_again() -> None:
    text = markdown(summary(), marker=marker_of("edge-production"))
    assert text.startswith("<!-- shimyard-preview: edge-production -->\n")
    assert marker_of("a -->\n<script>") == "<!-- shimyard-preview: a--script -->"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_from_anywhere_stay_texts(text: str) -> None:
    inputs = {"old": text, "keys": {text or "k": 1}}
    page = read_page(
        markdown(
            summary(
                step(
                    "update",
                    RUNTIME,
                    text,
                    runtime(text, files={f"/{text}": text}, artifacts={text: {"version": text}}),
                    runtime(text, files={f"/{text}": f"{text}\nmore"}, effects=[f"drains {text}"]),
                ),
                step("update", DEPLOYMENT, text, inputs, {"new": text}),
                step("replace", DEPLOYMENT, f"{text}2", inputs, {}, keys=[text]),
                step("create", f"acme:{text}:Thing", text, None, {}),
                violation(text, name=text),
                violation("\n".join([text] * 30), name=text, policy="other", level="advisory"),
                diagnostic(text or "x"),
                diagnostic(text or "x", "warning", urn=f"urn:pulumi:a::b::c::{text}"),
            )
        )
    )
    assert page.strange == []
    assert page.comments == []
    prose = "".join(page.prose)
    for word in ("evil", "octocat", "alert", "shimyard-preview", "gnp.exe", "fence"):
        assert word not in prose


def many(count: int) -> list[dict[str, Any]]:
    """A fleet in which every machine has another long diff."""
    return [
        step(
            "update",
            RUNTIME,
            f"edge-{n}",
            runtime(f"edge-{n}", files={"/etc/a": f"{n}\n"}),
            runtime(
                f"edge-{n}",
                files={"/etc/a": "".join(f"line {n} {m}\n" for m in range(300))},
                effects=[f"drains edge-{n}"],
            ),
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [1, 10, 50, 1000])
def test_however_large_a_change_is_its_comment_fits_and_is_whole(count: int) -> None:
    text = markdown(summary(*many(count), *(violation(f"{n}", name=f"{n}") for n in range(count))))
    assert size(text) <= COMMENT_LIMIT
    assert read_page(text).strange == []
    assert "Restarts and drains" in text
    assert ("This is not all" in text) == (count > 50)


def test_a_very_long_diff_is_shortened_before_anything_is_left_out() -> None:
    old, new = {"/a": ""}, {"/a": "x\n" * 100_000, "/b": "b\n"}
    text = markdown(
        summary(step("update", RUNTIME, "edge-1", runtime(files=old), runtime(files=new)))
    )
    assert size(text) <= COMMENT_LIMIT
    assert "... 99601 more lines" in text
    assert "+ /b" in text


def test_a_line_without_an_end_does_not_break_it() -> None:
    new = runtime(files={"/a": "x" * 500_000, "/b": "b\n"})
    text = markdown(summary(step("update", RUNTIME, "edge-1", runtime(files={}), new)))
    assert size(text) <= COMMENT_LIMIT
    assert read_page(text).strange == []
    assert "This is not all" in text
    assert "make preview STACK=bench FORMAT=json" in text


@pytest.mark.parametrize("limit", [400, 1000, 5000])
def test_any_limit_is_kept(limit: int) -> None:
    text = markdown(summary(*many(20), diagnostic("x\n" * 1000)), limit=limit)
    assert size(text) <= limit
    assert text.startswith("## Preview of stack `bench`")
