"""The numbers of the suite of faults count what was really done, and name what was left out."""

from __future__ import annotations

import pytest

from tests.faults.points import UnreadableStepError, points, program
from tests.faults.tally import Killer, Tally

PROGRAM = """
prepare_file() { :; }
switch_file() { :; }
run_plan() {
    step "$phase" "$operation" "$a"
    step commit "$resource" "$number"
}
"""


@pytest.fixture
def tally() -> Tally:
    """Of a program with three kinds of points."""
    return Tally(points(PROGRAM))


def test_a_step_that_no_kill_has_covered_is_named(tally: Tally) -> None:
    tally.kill("pulumi", "switch file /etc/x")
    assert tally.missed("pulumi") == ["commit", "prepare file"]
    assert tally.missed("provider") == ["commit", "prepare file", "switch file"]


def test_a_verb_of_the_doctor_is_asked_of_the_nodes_shell_and_of_nobody_who_never_runs_it() -> None:
    known = points(program())
    tally = Tally(known)
    assert {("verb", "doctor"), ("verb", "survey")} <= tally.required("node shell")
    engine: tuple[Killer, ...] = ("provider", "pulumi")
    for killer in engine:
        assert known - tally.required(killer) == {("verb", "doctor"), ("verb", "survey")}


def test_a_point_that_the_code_does_not_have_is_no_cover(tally: Tally) -> None:
    with pytest.raises(UnreadableStepError, match="no step of the code"):
        tally.kill("pulumi", "switch link /etc/x")


def test_the_report_counts_points_kills_convergence_and_the_longest_hang(tally: Tally) -> None:
    assert tally.report() == []
    for point, seconds, converged in (
        ("switch file /etc/x", 1.0, True),
        ("switch file /etc/y", 3.5, False),
        ("commit x 1", 2.0, True),
    ):
        kill = tally.kill("node shell", point)
        kill.seconds, kill.converged = seconds, converged
    with tally.wait("a mirror that hangs"):
        pass
    assert list(tally.report()) == [
        "node shell: kill points covered: 2/3",
        "node shell: 3 kills, 2 converged at the next run (67%)",
        "node shell: longest hang 3.5 s, at 'switch file /etc/y'",
        "all other faults: 1, longest hang 0.0 s: a mirror that hangs",
    ]
