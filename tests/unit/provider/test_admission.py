"""A machine that is in no cluster yet: it starts none beside another, and takes nobody's name."""

from __future__ import annotations

import pytest

from shimyard.node.cluster import Member
from shimyard.node.errors import NodeError
from shimyard.node.progress import silent
from shimyard.provider import admission
from shimyard.provider.admission import (
    AdmissionError,
    make_room,
    standing_cluster,
)
from shimyard.provider.control import NoServerError, Standing
from shimyard.provider.rollout import RolloutError
from tests.unit.provider.clusters import Clock, StandInCluster, StandInControl, agent, server
from tests.unit.provider.test_control import ONE, control, unreachable


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(admission, "time", clock)
    return clock


THREE = ("s1", "s2", "s3")


def test_a_server_stands_if_its_kubectl_answers() -> None:
    asks, nodes = control("s1", {"s1": ONE, "s3": ONE})
    assert asks.standing() == Standing(asks.membership.servers[2], "a" * 64)
    assert [name for name, _ in nodes.asked] == ["s2", "s3"]


def test_a_server_stands_although_another_one_is_down() -> None:
    asks, _ = control("s1", {"s2": unreachable("s2"), "s3": ONE})
    standing = asks.standing()
    assert standing is not None
    assert standing.server.name == "s3"


def test_no_server_stands_if_none_has_k3s() -> None:
    asks, _ = control("s1", {"s1": ONE})
    assert standing_cluster(asks) is None


def test_a_server_that_can_not_be_asked_may_be_all_that_is_left_of_the_cluster() -> None:
    asks, _ = control("s1", {"s2": unreachable("s2")})
    with pytest.raises(AdmissionError, match="s2 may be what is left of a cluster") as caught:
        standing_cluster(asks)
    assert "bring s2 back, so that s1 joins its cluster" in caught.value.mend


def test_servers_that_have_lost_their_quorum_are_still_the_cluster() -> None:
    down = (1, "", "etcdserver: leader changed\n")
    asks, _ = control("s1", {"s2": down, "s3": down})
    with pytest.raises(NodeError, match="etcdserver: leader changed"):
        asks.standing()


def test_a_new_machine_takes_a_free_name() -> None:
    asks = StandInControl(StandInCluster(server("s1")), "a")
    make_room(asks, silent)
    assert asks.cluster.asked == []


def test_the_node_of_a_machine_that_is_gone_makes_room() -> None:
    asks = StandInControl(StandInCluster(server("s1"), agent("a", ready=False)), "a")
    told: list[str] = []
    make_room(asks, lambda _, text: told.append(text))
    assert asks.cluster.asked == ["forget a"]
    assert told == ["a is another machine now: the old one leaves the cluster first"]


def test_the_node_of_a_machine_that_lives_does_not(clock: Clock) -> None:
    asks = StandInControl(StandInCluster(server("s1"), agent("a")), "a")
    with pytest.raises(AdmissionError, match="it is Ready: another machine"):
        make_room(asks, silent)
    assert asks.cluster.asked == []
    assert clock.now >= 90


def test_the_cluster_takes_a_while_to_notice_that_a_machine_is_gone(clock: Clock) -> None:
    asks = StandInControl(StandInCluster(server("s1"), agent("a")), "a")
    clock.then[40] = lambda: asks.cluster.becomes("a", ready=False)
    told: list[str] = []
    make_room(asks, lambda _, text: told.append(text))
    assert asks.cluster.asked == ["forget a"]
    assert told[0] == "the cluster has a node a: waiting until that is not Ready"


def test_a_server_that_is_gone_makes_room_only_if_a_majority_stays() -> None:
    gone = server("s3", ready=False)
    asks = StandInControl(StandInCluster(server("s1"), server("s2"), gone), "s3", *THREE)
    make_room(asks, silent)
    assert asks.cluster.asked == ["forget s3"]
    without = StandInCluster(server("s1"), server("s2", ready=False), gone)
    asks = StandInControl(without, "s3", *THREE)
    with pytest.raises(RolloutError, match="no quorum"):
        make_room(asks, silent)
    assert asks.cluster.asked == []


OURS = {"handler.shimyard.dev/runc": "true"}


def test_a_server_that_is_down_and_leaves_the_stack_makes_room_for_its_successor() -> None:
    gone = server("s0", ready=False, labels=OURS)
    nodes = StandInCluster(server("s1"), server("s2"), gone, agent("a", ready=False))
    asks = StandInControl(nodes, "s3", *THREE)
    told: list[str] = []
    make_room(asks, lambda _, text: told.append(text), server=True)
    assert nodes.asked == ["forget s0"]
    assert told == ["s0 is replaced by s3: the old one leaves the cluster first"]


def test_an_agent_needs_no_room_in_etcd() -> None:
    gone = server("s0", ready=False, labels=OURS)
    nodes = StandInCluster(server("s1"), server("s2"), gone)
    make_room(StandInControl(nodes, "a", *THREE), silent)
    assert nodes.asked == []


@pytest.mark.parametrize(
    "down",
    [server("s2", ready=False, labels=OURS), server("s0", ready=False)],
    ids=["it is mended", "somebody else's"],
)
def test_a_server_does_not_join_while_one_that_stays_is_down(down: Member) -> None:
    nodes = StandInCluster(server("s1"), server("s4"), down)
    with pytest.raises(AdmissionError, match="etcd takes no new member meanwhile"):
        make_room(StandInControl(nodes, "s3", *THREE), silent, server=True)
    assert nodes.asked == []


def test_nobody_joins_a_cluster_that_does_not_answer() -> None:
    asks = StandInControl(StandInCluster(), "a")
    asks.away = True
    with pytest.raises(NoServerError):
        make_room(asks, silent)
