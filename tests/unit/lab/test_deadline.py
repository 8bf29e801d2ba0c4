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


def test_the_error_tells_what_was_missing_last_and_where_to_look() -> None:
    with pytest.raises(NotReadyError) as late:
        wait_for("the node", lambda: "no power", seconds=0, interval=0, log=Path("/srv/console"))
    assert str(late.value) == (
        "the node: not within 0 s; last seen: no power; its log is /srv/console"
    )
