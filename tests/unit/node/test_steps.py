"""On a status line stands plain English, for each step that the node's program can take."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from shimyard.node import operations
from shimyard.node.operations import Operation
from shimyard.node.scripts import PROGRAM
from shimyard.node.steps import (
    OPERATIONS,
    REFUSALS,
    WHOLE,
    event_in_words,
    failed_in_words,
    in_words,
)


def steps_of_the_program() -> Iterator[tuple[str, str]]:
    """(phase, operation) of every function of the plan and of every call of `step`."""
    for phase, name in re.findall(r"(?m)^(prepare|switch)_([a-z_]+)\(\) ", PROGRAM):
        yield phase, name.replace("_", "-")
    for phase, operation in re.findall(r"(?m)^\s*step (\S+) (\S+)", PROGRAM):
        if not phase.startswith('"'):
            yield phase, operation


def test_every_step_of_the_program_has_words() -> None:
    found = set(steps_of_the_program())
    assert {step for step in found if step[0] not in WHOLE} == set(OPERATIONS)
    assert {phase for phase, _ in found} >= set(WHOLE)


def test_the_look_for_steps_finds_all_places_that_take_one() -> None:
    """Each call of `step`, except the one that a plan's functions go through."""
    calls = re.findall(r"(?m)^\s*step .*$", PROGRAM)
    assert [call.strip() for call in calls if '"$phase"' in call] == [
        'step "$phase" "$operation" "$a"'
    ]
    assert len(re.findall(r"(?<![\"\w])step ", re.sub(r"(?m)#.*$|note step", "", PROGRAM))) == len(
        calls
    )


def test_every_operation_has_words() -> None:
    kinds = Operation.__subclasses__()
    assert {kind.__name__ for kind in kinds} == set(operations.__all__) - {"Operation"}
    for kind in kinds:
        name = re.findall(r"`?(\S+)", str(kind.words.__doc__))[0].strip(".")
        assert {("prepare", name), ("switch", name)} & set(OPERATIONS), kind


def test_every_refusal_has_words() -> None:
    assert set(re.findall(r"\brefuse ([a-z]+) ", PROGRAM)) == set(REFUSALS)


@pytest.mark.parametrize("step", [*OPERATIONS, *((phase, "x") for phase in WHOLE)])
def test_words_are_a_sentence_and_no_name_of_the_program(step: tuple[str, str]) -> None:
    name, sentence = in_words((*step, "SUBJECT"))
    assert name in {"check", "switch", "canary", "commit", "taking back"}
    assert " " in sentence
    assert not re.search(r"[_{}]|rmd|containerd-config", sentence)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("step|1|switch|restart|c.service", ("switch", "restarting c.service")),
        ("step|1|begin|site|3", ("check", "generation 3 of site begins")),
        ("step|1|commit|site|3", ("commit", "generation 3 of site works")),
        ("step|1|finish|result|site", ("commit", "clearing away old generations")),
        ("step|1|switch|dance|tango", ("switch", "dance tango")),
        ("restoring|3", ("taking back", "the node goes back to what it was")),
        ("canary|wasmtime|passed|142", ("canary", "handler wasmtime works: 142 ms")),
        (
            "again|spin|race",
            ("canary", "handler spin once more: its shim lost a race of its start"),
        ),
        (
            "again|runc|words",
            ("canary", "handler runc once more: it ended well, but what it printed is not there"),
        ),
        ("ended|k8s.io|abc", ("switch", "ended the container abc of k8s.io")),
        ("undo|path|/etc/x|had", None),
        ("step|1", None),
    ],
)
def test_a_line_of_the_journal_is_told_in_words_or_not_at_all(
    line: str, shown: tuple[str, str] | None
) -> None:
    assert event_in_words(line.replace("|", "\t")) == shown


def test_the_step_of_an_error_is_in_words() -> None:
    assert failed_in_words("switch", "restart", "x.service") == "switch (restarting x.service)"
    assert failed_in_words("begin", "recovery", "-") == "check (installing the recovery at boot)"
    assert failed_in_words("commit", "journal", "-") == "commit (writing the journal)"
    assert failed_in_words("finish", "site", "-").startswith("commit (")
    assert failed_in_words() == "switch (starting the change)"
