"""What sudo has to allow is short, complete, and said in the docs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from shimyard.node.__main__ import main
from shimyard.node.privileges import VERBS, grant, sudoers
from shimyard.node.program import PRESET
from shimyard.node.scripts import PROGRAM

DOCS = Path(__file__).parents[3] / "docs/how-to/least-privilege.md"


def test_every_verb_that_the_controller_calls_is_allowed_and_no_other() -> None:
    verbs = set(re.findall(r"(?m)^([a-z]+)\) ", PROGRAM[PROGRAM.rindex("\ncase ") :]))
    verbs |= {"accept"}
    assert verbs - set(VERBS) == {"apply", "recover"}, "systemd's own"
    assert set(VERBS) <= verbs
    lines = [line for line in sudoers("edge").splitlines() if not line.startswith("#")]
    assert len(lines) == len(VERBS)
    for line, verb in zip(lines, VERBS, strict=True):
        assert re.fullmatch(rf"edge ALL=\(root\) NOPASSWD: {PRESET} {verb}( \*)?", line)


def test_the_docs_list_every_privileged_command() -> None:
    text = DOCS.read_text()
    assert set(re.findall(r"(?m)^\| `(\w+)", text)) == set(VERBS)


def test_an_administrator_gets_a_script_with_the_program_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["grant", "edge"]) == 0
    script = capsys.readouterr().out
    assert script == grant("edge")
    assert PROGRAM in script
    assert sudoers("edge") in script
    subprocess.run(["sh", "-n"], input=script.encode(), check=True, timeout=10)


@pytest.mark.parametrize("user", ["", "ALL", "edge ALL=(ALL) ALL", "#0", "%wheel", "a\nb"])
def test_a_user_name_that_would_allow_more_is_refused(
    user: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["sudoers", user])
    assert caught.value.code == 2
    assert "is not a login name" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["receive", "../../etc"],
        ["launch", ""],
        ["discard"],
        ["accept", "00", "../x"],
        ["fetch", "0 0"],
        ["nonsense"],
        [],
    ],
)
def test_the_program_refuses_what_could_lead_out_of_its_folders(
    words: list[str], tmp_path: Path
) -> None:
    program = PROGRAM.replace("root=/var/lib/shimyard", f"root={tmp_path}/root")
    done = subprocess.run(
        ["sh", "-c", program, "node", *words], capture_output=True, check=False, timeout=10
    )
    assert done.returncode == 2
    assert done.stdout.startswith(b"failed\t")
    assert list(tmp_path.iterdir()) == []
