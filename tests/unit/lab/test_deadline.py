"""Waiting ends when the condition holds, and says what was missing when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.deadline import wait_for
from lab.errors import NotReadyError


def test_waiting_ends_as_soon_as_nothing_is_missing() -> None:
    answers = iter(["cable", "power", None])
    wait_for("the node", lambda: next(answers), seconds=5, interval=0)
    assert next(answers, "none left") == "none left"


def test_the_error_tells_what_was_missing_last_and_how_the_log_ends(tmp_path: Path) -> None:
    log = tmp_path / "console"
    log.write_text("".join(f"line {number}\n" for number in range(20)))
    with pytest.raises(NotReadyError) as late:
        wait_for("the node", lambda: "no power", seconds=0, interval=0, log=log)
    told = str(late.value)
    assert told.startswith(f"the node: not within 0 s; last seen: no power; its log is {log}")
    assert told.endswith("line 18\nline 19")
    assert "line 1\n" not in told
