"""A stack of simulated nodes is measured to its end, and a stand-in says what a real node says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.cgroup import end_all
from benchmarks.hosts.converged import file_settings, lab_node_settings
from benchmarks.report.growth import document
from benchmarks.report.record import Record
from benchmarks.scale import STATE_EACH_STEP, measure
from benchmarks.simulation.cluster import SimulatedCluster
from benchmarks.simulation.machine import SimulatedMachine
from benchmarks.simulation.round import FIRST_UP, NO_OP_UP, PREVIEW, REFRESH
from benchmarks.state import RESOURCE, state
from shimyard.node import program
from shimyard.node.bundle import bundle
from shimyard.node.facts import Facts
from shimyard.node.node_files import FileSet
from shimyard.node.planning import plan
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from tests.lab.conftest import Place
from toolchain.progress import Progress

OF_THE_MACHINE = re.compile(r"^(arch|machine|boot|clock|os|cgroup|tool|space|made)\t")


def test_ten_nodes_are_measured_and_their_end_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIMYARD_TOOLCHAIN", "build")
    record = Record(tmp_path / "scale.json")
    try:
        measure([10], [10], 1, record, Progress())
    finally:
        end_all()
    (part,) = record.parts.values()
    commands = {name: samples[0] for name, samples in part["commands"].items()}
    assert list(commands) == [PREVIEW, FIRST_UP, NO_OP_UP, REFRESH, STATE_EACH_STEP]
    # To itself, and twice to the server: for its K3s, and for its Node object. The server's K3s
    # asks once more: when it has come in, and again when it does without its entrance.
    assert commands[FIRST_UP]["connections"] == 31
    # Once each, and to the server for each Node object.
    assert commands[REFRESH]["connections"] == 20
    assert commands[PREVIEW]["connections"] == commands[NO_OP_UP]["connections"] == 0
    for sample in commands.values():
        assert sample["memory"] > 50_000_000
        by_process = sum(told["cpu"] for told in sample["by process"].values())
        # What a process does after the last look is missing there.
        assert 0.3 * sample["cpu"] < by_process <= 1.1 * sample["cpu"]
    assert part["state"] > 10 * 10_000
    assert "| 10 | 1 |" in document(record.content, "scale.svg")


def test_a_stand_in_answers_as_a_real_node_does(
    tmp_path: Path, place: Callable[[int], Place]
) -> None:
    files = FileSet.of(file_settings(state(10)), tmp_path).desired(RESOURCE)
    with place(7).lab(1) as lab:
        (node,) = lab.nodes
        session = Session.open(lab_node_settings(lab, node.name), tmp_path)
        converge(session, files)
        real = program.facts(session).out.splitlines()
        session.close()
        journal = (node.root / "var/lib/shimyard/generations/1/journal").read_text().splitlines()
    machine = SimulatedMachine(1, SimulatedCluster())
    given = b"".join(bundle(plan(files, Facts()), files, RESOURCE))
    machine.run("receive", ["aa"], given)
    machine.run("fetch", ["aa"], b"")
    launched = machine.run("launch", ["aa"], b"")[1].splitlines()
    played = machine.run("facts", [], b"")[1].splitlines()
    assert of_the_resource(played) == of_the_resource(real)
    assert {line.split("\t")[0] for line in played} >= {"arch", "machine", "clock", "space", "end"}
    assert launched[-1] == "exit\t0"
    assert without_times(launched[:-1]) == without_times(journal)


def of_the_resource(lines: list[str]) -> list[str]:
    return [line for line in lines if not OF_THE_MACHINE.match(line)]


def without_times(lines: list[str]) -> list[str]:
    return [re.sub(r"^step\t\d+\t", "step\t", line) for line in lines]
