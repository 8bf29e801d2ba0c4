"""What the doctor asks a machine is asked by nobody else, and installs and changes nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import shimyard
from shimyard.node import program
from shimyard.node.program import FOR_THE_DOCTOR, READERS
from shimyard.node.scripts import PROGRAM
from tests.unit.errors.cases_node import Scripted

ROOT = Path(shimyard.__file__).parent


def test_nothing_outside_of_the_doctor_runs_its_verbs() -> None:
    def said(path: Path) -> set[str]:
        return {
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }

    elsewhere = [path for path in ROOT.rglob("*.py") if ROOT / "doctor" not in path.parents]
    named = {str(path.relative_to(ROOT)) for path in elsewhere if said(path) & FOR_THE_DOCTOR}
    # Where the verbs are declared, and where the program is put together.
    assert named == {"node/program.py", "node/privileges.py", "node/scripts/__init__.py"}


@pytest.mark.parametrize("verb", sorted(READERS))
def test_a_machine_without_our_program_is_read_and_gets_none(verb: str) -> None:
    session = Scripted({verb: (90, "", ""), "send": "told\nend\n", "install": AssertionError()})
    assert program.read(session, verb).out == "told\nend\n"
    assert not session.has_program


def test_what_is_sent_to_a_machine_without_our_program_is_a_part_of_it() -> None:
    for text in READERS.values():
        *parts, call = text.strip().splitlines()
        assert call in READERS
        assert set(parts) <= set(PROGRAM.splitlines())
