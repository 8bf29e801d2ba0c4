"""The rounds: everybody is asked at once, and who does not answer keeps nobody else from it.

Stand-in: the answers are scripted, the connections are none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.examination import Examined, Silence
from shimyard.doctor.rounds import examine
from shimyard.node.errors import ConnectionFailedError
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.unit.doctor.examples import CLUSTER, FACTS, MACHINE, NOW, settings, wire
from tests.unit.errors.cases_node import Scripted

ANSWERS: dict[str, Any] = {
    "facts": wire(FACTS), "doctor": wire(MACHINE), "survey": wire(CLUSTER),
}  # fmt: skip


class Told(Scripted):
    """One of the machines, which notes that it was left in order."""

    closed = 0

    def close(self) -> None:
        Told.closed += 1


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)


def network(**failing: Any) -> Callable[[NodeSettings, Path], Session]:
    """Answers by node: an exception instead of a connection, or other answers."""

    def connect(node: NodeSettings, _project: Path) -> Session:
        answer = failing.get(node.name.replace("-", "_"), {})
        if isinstance(answer, Exception):
            raise answer
        return Told({**ANSWERS, **answer})

    return connect


def dead(name: str) -> ConnectionFailedError:
    return ConnectionFailedError(name, "connect", "no connection", mend="is it on?")


def test_all_machines_and_one_server_are_asked_and_left_in_order(tmp_path: Path) -> None:
    Told.closed = 0
    found = examine(settings(), "lab", tmp_path, connect=network())
    assert [type(each) for each in found.machines.values()] == [Examined, Examined]
    assert isinstance(found.cluster, ClusterFacts)
    assert Told.closed == 3
    alone = examine(settings(servers=()), "lab", tmp_path, connect=network())
    assert alone.cluster is None


def test_machines_are_asked_at_the_same_time(tmp_path: Path) -> None:
    both = threading.Barrier(2)

    def connect(node: NodeSettings, project: Path) -> Session:
        both.wait(10)
        return network()(node, project)

    examine(settings(servers=()), "lab", tmp_path, connect=connect)


def test_a_dead_machine_is_told_and_the_others_are_asked(tmp_path: Path) -> None:
    found = examine(settings(), "lab", tmp_path, connect=network(edge_2=dead("edge-2")))
    assert isinstance(found.machines["edge-1"], Examined)
    assert found.machines["edge-2"] == Silence("no connection", "is it on?")
    assert isinstance(found.cluster, ClusterFacts)


def test_another_server_is_asked_where_the_first_does_not_answer(tmp_path: Path) -> None:
    nodes = [{"name": f"edge-{n}", "address": f"192.0.2.{n}"} for n in (1, 2, 3)]
    three = settings(nodes=nodes, servers=["edge-1", "edge-2", "edge-3"])
    refused = {"survey": (1, "", "The connection to the server was refused\n")}
    found = examine(three, "lab", tmp_path, connect=network(edge_1=dead("edge-1"), edge_2=refused))
    assert isinstance(found.cluster, ClusterFacts)
    found = examine(
        three,
        "lab",
        tmp_path,
        connect=network(edge_1=dead("edge-1"), edge_2=refused, edge_3=refused),
    )
    assert isinstance(found.cluster, Silence)
    assert found.cluster.cause == (
        "edge-1: no connection; "
        "edge-2: it does not answer to the end: The connection to the server was refused; "
        "edge-3: it does not answer to the end: The connection to the server was refused"
    )


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        ({"doctor": wire("daemon|active\n")}, "the answer ends in the middle"),
        ({"facts": "arch\tx86_64\n"}, "the facts of the node end in the middle"),
        ({"doctor": (1, "", "sudo: a password is required\n")}, "sudo refuses edge"),
    ],
)
def test_an_answer_that_is_none_is_told(
    answers: dict[str, Any], cause: str, tmp_path: Path
) -> None:
    found = examine(settings(), "lab", tmp_path, connect=network(edge_2=answers))
    silence = found.machines["edge-2"]
    assert isinstance(silence, Silence)
    assert silence.cause.startswith(cause)
    assert silence.mend


@pytest.mark.parametrize(("clock", "skew"), [(0, 0), (-1, 0), (1, 1), (-60, -59), (400, 400)])
def test_a_clock_is_compared_as_far_as_the_way_there_allows(
    clock: int, skew: float, tmp_path: Path
) -> None:
    shifted = {"facts": wire(FACTS.replace(f"clock|{NOW:.0f}", f"clock|{NOW + clock:.0f}"))}
    found = examine(settings(), "lab", tmp_path, connect=network(edge_2=shifted))
    machine = found.machines["edge-2"]
    assert isinstance(machine, Examined)
    assert machine.skew == skew
