"""The command, with an event log that is there already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shimyard.preview.__main__ import main
from shimyard.preview.engine import Engine, UnknownStackError
from tests.unit.preview.logs import RUNTIME, diagnostic, ending, runtime, step, violation


def log(folder: Path, *events: dict[str, Any]) -> list[str]:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return ["--stack", "bench", "--events", str(path)]


CREATE = step("create", RUNTIME, "edge-1", None, runtime(files={"/a": "b\n"}))


def test_markdown_is_what_a_person_gets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*log(tmp_path, CREATE, ending()), "--state", "none"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("<!-- shimyard-preview: bench -->\n## Preview of stack `bench`")
    assert "Compared with nothing" in shown


def test_json_is_what_a_program_gets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*log(tmp_path, CREATE, ending()), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["nodes"][0]["node"] == "edge-1"


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([violation("x"), diagnostic("preview failed"), ending("failed")], 3),
        ([violation("x", level="advisory"), ending()], 0),
        ([diagnostic("no such node"), ending("failed")], 1),
        ([CREATE], 1),
    ],
)
def test_the_exit_code_tells_what_is_wrong(
    tmp_path: Path, events: list[dict[str, Any]], code: int
) -> None:
    target = tmp_path / "summary.md"
    assert main([*log(tmp_path, *events), "--output", str(target)]) == code
    assert target.read_text().startswith("<!-- shimyard-preview: bench -->")


def test_a_log_that_is_none_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("no log\n")
    assert main(["--stack", "bench", "--events", str(path)]) == 1
    assert "line 1 of the event log can't be read" in capsys.readouterr().err
    assert main(["--stack", "bench", "--events", str(tmp_path / "none")]) == 1


def test_a_stack_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownStackError, match=r"there is no .*Pulumi\.nobody\.yaml"):
        Engine(tmp_path).preview("nobody")


@pytest.mark.parametrize("stack", ["../x", "a/b"])
def test_a_name_that_is_a_path_leads_nowhere(tmp_path: Path, stack: str) -> None:
    with pytest.raises(UnknownStackError):
        Engine(tmp_path).preview(stack)
