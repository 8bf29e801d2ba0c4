"""Reading the engine's log."""

from __future__ import annotations

import pytest

from shimyard.preview.events import EventLogError, read_events
from tests.unit.preview.logs import RUNTIME, SECRET, diagnostic, ending, read, step, violation


def test_a_secret_becomes_a_word() -> None:
    found = read(step("update", RUNTIME, "a", {"x": [{"y": SECRET}]}, {"z": SECRET}))
    assert found.steps[0].old == {"x": [{"y": "[secret]"}]}
    assert found.steps[0].new == {"z": "[secret]"}


def test_only_what_is_said_for_good_counts() -> None:
    found = read(
        diagnostic("for developers", "debug"),
        diagnostic("a status line", "info", ephemeral=True),
        diagnostic("from standard error", "info#err"),
        diagnostic("<{%fg 1%}>broken<{%reset%}>\n\x1b[31mred\x1b[0m\n"),
        {"errorEvent": {"error": "gone"}},
    )
    assert [(each.severity, each.message) for each in found.diagnostics] == [
        ("info", "from standard error"),
        ("error", "broken\nred"),
        ("error", "gone"),
    ]


def test_policies_that_passed_are_known_too() -> None:
    told = {"policyAnalyzeSummaryEvent": {"passed": ["a"], "failed": ["b"]}}
    found = read(told, violation("no", policy="c", level="warning"))
    assert found.checked == {"a", "b", "c"}
    assert found.violations[0].level == "advisory"
    assert found.violations[0].message == "What it is for.\nno"


def test_the_result_is_empty_for_a_log_that_breaks_off() -> None:
    assert read().result == ""
    assert read(ending("failed")).result == "failed"
    assert read_events(["", "\n"]).steps == []


@pytest.mark.parametrize("line", ["{", "[]", '{"resourcePreEvent": {}}', "\x00"])
def test_a_line_that_is_none_of_the_engines_is_named(line: str) -> None:
    with pytest.raises(EventLogError, match=r"line 2 of the event log can't be read") as caught:
        read_events(['{"cancelEvent": {}}', line])
    assert caught.value.line == 2
