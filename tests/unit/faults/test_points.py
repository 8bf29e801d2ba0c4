"""No step of the node's program can be left out of the kills: the list is read from the code."""

from __future__ import annotations

import pytest

from tests.faults.points import UnreadableStepError, kind_of, operation_names, points, program

ADDED = """
prepare_seal() { :; }
switch_seal() { :; }
afterwards() {
    step finish seal "$resource"
    [ -z "$x" ] || { reached sealed "$y"; }
}
seal) seal ;;
"""


def test_a_new_step_is_found_wherever_it_is_added() -> None:
    new = points(program() + ADDED) - points(program())
    assert new == {
        ("prepare", "seal"),
        ("switch", "seal"),
        ("finish", "seal"),
        ("sealed",),
        ("verb", "seal"),
    }


def test_a_step_that_cannot_be_read_is_not_passed_over() -> None:
    with pytest.raises(UnreadableStepError, match=r'step "\$more"'):
        points(program() + '\n    step "$more"\n')


def test_each_operation_of_a_plan_has_its_step_and_each_step_its_operation() -> None:
    steps = {kind[1] for kind in points(program()) if kind[0] in {"prepare", "switch"}}
    assert steps == operation_names()


def test_the_steps_of_every_part_of_a_transaction_are_there() -> None:
    found = points(program())
    assert {kind[0] for kind in found} == {
        "verb", "store", "begin", "prepare", "switch", "token", "commit", "finish", "restore",
    }  # fmt: skip
    assert {("verb", "fetch"), ("switch", "canary"), ("restore", "services")} <= found


def test_a_point_of_a_journal_has_its_kind() -> None:
    known = points(program())
    assert kind_of(["switch", "file", "/etc/x"], known) == ("switch", "file")
    assert kind_of(["begin", "clock", "3"], known) == ("begin",)
    with pytest.raises(UnreadableStepError, match="no step of the code is called 'switch on'"):
        kind_of(["switch", "on"], known)
