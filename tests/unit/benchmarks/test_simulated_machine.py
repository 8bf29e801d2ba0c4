"""The stand-in for a machine: what the product plans is there afterwards, and nothing else is."""

from __future__ import annotations

import secrets

import pytest

from benchmarks.simulation.cluster import SimulatedCluster
from benchmarks.simulation.machine import SimulatedMachine, UnknownCommandError
from shimyard.node.bundle import bundle
from shimyard.node.cluster import members_of
from shimyard.node.desired import DesiredState, File
from shimyard.node.facts import Facts
from shimyard.node.journal import Journal
from shimyard.node.planning import plan
from tests.unit.node.k3s_states import agent, server
from tests.unit.node.states import runtime


def facts(machine: SimulatedMachine) -> Facts:
    code, out = machine.run("facts", (), b"")
    assert code == 0
    return Facts.parse(out)


def converge(machine: SimulatedMachine, desired: DesiredState) -> Journal:
    steps = plan(desired, facts(machine))
    transaction = secrets.token_hex(8)
    given = b"".join(bundle(steps, desired, desired.resource))
    assert machine.run("receive", [transaction], given) == (0, "received\n")
    assert machine.run("fetch", [transaction], b"")[0] == 0
    return Journal.parse(machine.run("launch", [transaction], b"")[1])


@pytest.fixture
def cluster() -> SimulatedCluster:
    return SimulatedCluster()


@pytest.fixture
def machine(cluster: SimulatedCluster) -> SimulatedMachine:
    return SimulatedMachine(1, cluster)


@pytest.mark.parametrize("k3s", [server(), agent()], ids=["server", "agent"])
def test_a_converged_machine_needs_nothing(
    machine: SimulatedMachine, cluster: SimulatedCluster, k3s: DesiredState
) -> None:
    for number, desired in enumerate((runtime(), k3s), start=1):
        journal = converge(machine, desired)
        assert (journal.outcome, journal.generation) == ("ok", number)
    assert not plan(runtime(), facts(machine)).reasons
    assert not plan(k3s, facts(machine)).reasons
    assert {each.result for each in facts(machine).generations.canaries.values()} == {"passed"}
    (member,) = members_of(cluster.run("members", ())[1]).values()
    assert member.ready


def test_a_file_is_what_has_arrived_and_a_changed_one_is_drift(machine: SimulatedMachine) -> None:
    wanted = DesiredState("files-site", files=(File.of("/etc/edge/a.conf", "a\n", mode="0640"),))
    converge(machine, wanted)
    assert not plan(wanted, facts(machine)).reasons
    other = DesiredState("files-site", files=(File.of("/etc/edge/a.conf", "b\n", mode="0640"),))
    assert plan(other, facts(machine)).reasons == ("/etc/edge/a.conf has other content",)


def test_what_it_does_not_know_it_does_not_pretend_to(machine: SimulatedMachine) -> None:
    for verb in ("purge", "members", "no-such-verb"):
        with pytest.raises(UnknownCommandError):
            machine.run(verb, (), b"")


def test_labels_and_taints_are_set_and_taken_away(cluster: SimulatedCluster) -> None:
    cluster.join("edge-1", server=False)
    cluster.join("edge-2", server=False)
    cluster.run("label", ["edge-1", "a=b", "kubernetes.io/os-"])
    cluster.run("taint", ["edge-1", "a=b:NoSchedule", "c:NoExecute"])
    cluster.run("taint", ["edge-1", "c:NoExecute-"])
    member = members_of(cluster.run("members", ["edge-1"])[1])["edge-1"]
    assert member.labels["a"] == "b"
    assert "kubernetes.io/os" not in member.labels
    assert member.taints == ("a=b:NoSchedule",)
    assert list(members_of(cluster.run("members", ())[1])) == ["edge-1", "edge-2"]
