"""The command: what it prints where, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shimyard.doctor import __main__ as command
from shimyard.doctor.examination import Examination, Silence
from shimyard.settings import StackSettings
from tests.unit.doctor.examples import examination, machine

STACK = """\
config:
  shimyard:ssh: {user: edge, agent: true}
  shimyard:nodes: [{name: edge-1, address: 192.0.2.1}]
  shimyard:runtime: {containerd: {version: 2.4.2}, runc: {version: 1.5.2}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Pulumi.shops.yaml"
    path.write_text(STACK)
    return path


@pytest.mark.parametrize(
    ("found", "code", "state"),
    [
        (examination(), 0, "healthy"),
        (examination(edge_2=machine(skew=400)), 1, "broken"),
        (examination(edge_2=Silence("off", "on?")), 2, "unreachable"),
    ],
)
def test_the_exit_code_is_the_state(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    found: Examination,
    code: int,
    state: str,
) -> None:
    asked: list[str] = []

    def examine(_settings: StackSettings, stack: str, _project: Path) -> Examination:
        asked.append(stack)
        return found

    monkeypatch.setattr(command, "examine", examine)
    assert command.main([str(file), "--json"]) == code
    told = capsys.readouterr()
    assert (json.loads(told.out)["state"], told.err) == (state, "")
    assert command.main([str(file)]) == code
    assert capsys.readouterr().out.startswith("NODE ")
    assert asked == ["shops", "shops"]


def test_a_stack_file_that_can_not_be_used_is_said_on_the_error_output_alone(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(STACK.replace("edge-1", "Edge 1"))
    assert command.main([str(file), "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "nodes[0].name" in told.err


@pytest.mark.parametrize("words", [[], ["a", "--stack", "b"], ["--yaml", "a"]])
def test_wrong_usage_has_the_exit_code_of_who_could_not_be_asked(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    assert ended.value.code == 2
