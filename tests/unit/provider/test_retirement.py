"""A node that leaves its cluster for good: its pods first, its object last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shimyard.node.cluster import Cluster, Member
from shimyard.node.errors import NodeError
from shimyard.node.progress import silent
from shimyard.provider.control import NoServerError
from shimyard.provider.retirement import Retirement, not_cleaned
from shimyard.provider.rollout import RolloutError
from tests.unit.provider.clusters import StandInCluster, StandInControl, agent, server


def retire(node: str, *members: Member, servers: tuple[str, ...] = ("s1",)) -> StandInControl:
    return StandInControl(StandInCluster(*members), node, *servers)


def test_pods_leave_before_the_node_is_forgotten() -> None:
    control = retire("a", server("s1"), agent("a"))
    told: list[tuple[str, str]] = []
    retirement = Retirement(control, lambda *words: told.append(words))
    retirement.leave()
    assert not retirement.gone
    assert control.cluster.asked == ["cordon a", "drain a"]
    retirement.forget()
    assert control.cluster.asked[2:] == ["forget a"]
    assert told == [
        ("drain", "pods leave a"),
        ("drain", "pod/greeter-a evicted"),
        ("leave", "a leaves the cluster"),
    ]
    assert control.closed == 1


def test_a_node_that_is_not_ready_is_not_drained_and_not_waited_for() -> None:
    control = retire("a", server("s1"), agent("a", ready=False))
    retirement = Retirement(control, silent)
    retirement.leave()
    assert retirement.gone
    assert control.cluster.asked == ["cordon a"]
    retirement.forget()
    assert "a" not in control.cluster.nodes


def test_a_machine_that_the_cluster_does_not_know_just_goes() -> None:
    control = retire("a", server("s1"))
    retirement = Retirement(control, silent)
    retirement.leave()
    assert retirement.gone
    assert control.cluster.asked == []


def test_pods_that_stay_keep_the_node() -> None:
    control = retire("a", server("s1"), agent("a"))
    control.cluster.refuses["drain"] = "a disruption budget allows none"
    with pytest.raises(NodeError, match="a disruption budget allows none"):
        Retirement(control, silent).leave()


def test_an_agent_stays_while_no_server_answers() -> None:
    control = retire("a", server("s1"), agent("a"))
    control.away = True
    with pytest.raises(NoServerError):
        Retirement(control, silent).leave()
    with pytest.raises(NoServerError):
        Retirement(control, silent).forget()


def test_a_server_leaves_only_if_a_majority_stays() -> None:
    names = ("s1", "s2", "s3")
    control = retire("s1", *(server(name) for name in names[:2]), servers=names)
    control.cluster.nodes["s3"] = server("s3", ready=False)
    with pytest.raises(RolloutError, match="1 of 2 servers would be left"):
        Retirement(control, silent).leave()
    assert control.cluster.asked == []


def test_the_only_server_takes_the_cluster_along_and_asks_nobody() -> None:
    control = retire("s1", server("s1"))
    retirement = Retirement(control, silent)
    retirement.leave()
    retirement.forget()
    assert not retirement.gone
    assert control.cluster.asked == []


def test_what_was_not_cleaned_is_said() -> None:
    assert not_cleaned("no connection to a") == (
        "it has left the cluster, but the machine itself was not cleaned (no connection to a); "
        "wipe it before it is used again"
    )


class LastServer(StandInControl):
    """The way to a cluster whose other servers do not answer."""

    @contextmanager
    def server(self, *, others_only: bool = False) -> Iterator[Cluster]:
        """There is nobody but the machine itself."""
        assert others_only
        yield from ()
        raise NoServerError(self.node, ("s2: k3s: not found", "s3: k3s: not found"))


def test_the_last_one_of_several_servers_takes_the_cluster_along() -> None:
    """Otherwise `pulumi destroy` would never come to the end of a cluster of three."""
    names = ("s1", "s2", "s3")
    control = LastServer(StandInCluster(server("s1"), agent("a", ready=False)), "s1", *names)
    retirement = Retirement(control, silent)
    retirement.leave()
    del control.cluster.nodes["s1"]
    retirement.forget()
    assert not retirement.gone
    assert control.cluster.asked == []


@pytest.mark.parametrize(
    "members",
    [
        [server("s1"), server("s2", ready=False), server("s3", ready=False)],
        # Its own K3s does not answer either.
        [],
    ],
)
def test_a_server_whose_others_are_only_away_stays(members: list[Member]) -> None:
    control = LastServer(StandInCluster(*members), "s1", "s1", "s2", "s3")
    with pytest.raises(NoServerError):
        Retirement(control, silent).leave()
