"""Programs that the lab runs: what they wrote is in the error."""

from __future__ import annotations

import pytest

from lab.commands import run
from lab.errors import CommandError


def test_a_failure_shows_the_command_its_exit_code_and_its_last_words() -> None:
    with pytest.raises(CommandError) as failed:
        run(["sh", "-c", "echo first; echo it broke >&2; exit 3"])
    assert failed.value.exit_code == 3
    assert "ended with 3" in str(failed.value)
    assert "it broke" in str(failed.value)


def test_a_program_that_hangs_is_ended_at_its_deadline() -> None:
    with pytest.raises(CommandError, match="took too long"):
        run(["sleep", "60"], seconds=0.1)


def test_arguments_are_never_read_by_a_shell() -> None:
    assert run(["printf", "%s", "$(id) ; `id` *"]) == "$(id) ; `id` *"
