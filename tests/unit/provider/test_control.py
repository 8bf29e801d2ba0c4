"""Which server of a cluster is asked, and what is told if none answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.transcript import UNTOLD, Transcript
from shimyard.provider.control import Control, NoServerError
from shimyard.provider.nodes import Nodes
from shimyard.settings import NodeSettings
from shimyard.settings.membership import MembershipSettings
from tests.unit.errors.cases_node import Scripted, facts
from tests.unit.provider.clusters import membership

ONE = "member|edge-1|True|-|-|true|v1.36.3+k3s1||\n"
K3S = "resource|k3s-server|1\n"
ACCESS = f"ca-sha256|{'a' * 64}\nkubeconfig|YXBpVmVyc2lvbjogdjEK\n"
THREE = ("s1", "s2", "s3")


class StandInNodes(Nodes):
    """Connections that answer as they are told to: a text for `members`, or an error."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(Path("/nowhere"))
        self.asked: list[tuple[str, str]] = []
        self.down: set[str] = set()
        self.open: list[str] = []
        self.said: list[str] = []
        self._answers = answers

    def unreachable(self, node: NodeSettings) -> bool:
        return node.name in self.down

    @contextmanager
    def session(self, node: NodeSettings, *_: Any, purpose: str = "") -> Iterator[Scripted]:
        self.asked.append((node.name, purpose))
        answer = self._answers.get(node.name, (1, "", f"{node.name} has no K3s\n"))
        if isinstance(answer, ConnectionFailedError):
            raise answer
        self.open.append(node.name)
        known = {} if node.name not in self._answers else {"facts": facts(K3S)}
        session = Scripted({"members": answer, "access": ACCESS, **known})
        session.transcript = Transcript(self.said.append)
        yield session
        self.open.remove(node.name)

    def hang_up(self, node: NodeSettings, *, purpose: str) -> None:
        self.asked.append((f"-{node.name}", purpose))


def unreachable(name: str) -> ConnectionFailedError:
    return ConnectionFailedError(name, "connect", f"no connection to {name}", mend="x")


def control(node: str, answers: dict[str, Any]) -> tuple[Control, StandInNodes]:
    nodes = StandInNodes(answers)
    settings = MembershipSettings.model_validate(membership(*THREE))
    return Control(nodes, settings, node, UNTOLD), nodes


def test_the_first_server_that_answers_is_asked() -> None:
    asks, nodes = control("edge-1", {"s1": unreachable("s1"), "s2": (0, ONE, ""), "s3": ONE})
    with asks.server() as cluster:
        assert list(cluster.members()) == ["edge-1"]
        assert nodes.open == ["s2"]
    # A connection of its own: the resource's is busy with the change.
    assert nodes.asked == [("s1", "edge-1"), ("s2", "edge-1")]


def test_what_a_server_has_shown_itself_by_is_not_asked_again() -> None:
    asks, nodes = control("edge-1", {"s1": ONE})

    def times() -> int:
        return "\n".join(nodes.said).count("shimyard members")

    with asks.server() as cluster:
        assert cluster.member("edge-1") is not None
        assert times() == 1
        # But what may have changed since is.
        assert cluster.member("edge-1") is not None
        assert times() == 2
        # One node's change asks for one node: a thousand times a thousand would be too many.
        assert all("members edge-1" in said for said in nodes.said if "shimyard members" in said)


def test_a_server_that_was_not_reached_is_asked_last() -> None:
    asks, nodes = control("edge-1", {"s1": unreachable("s1"), "s2": ONE, "s3": ONE})
    nodes.down = {"s1"}
    with asks.server():
        pass
    assert [name for name, _ in nodes.asked] == ["s2"]


def test_the_machine_that_is_changed_is_asked_last() -> None:
    asks, nodes = control("s1", {"s1": ONE})
    with asks.server():
        pass
    assert [name for name, _ in nodes.asked] == ["s2", "s3", "s1"]


def test_a_machine_that_leaves_is_not_asked_itself() -> None:
    asks, nodes = control("s1", {"s1": ONE, "s3": ONE})
    with asks.server(others_only=True):
        pass
    assert [name for name, _ in nodes.asked] == ["s2", "s3"]
    asks, nodes = control("s1", {"s1": ONE})
    with pytest.raises(NoServerError), asks.server(others_only=True):
        pass


def test_the_machine_itself_can_be_asked_and_nobody_else() -> None:
    asks, nodes = control("s2", {"s1": ONE, "s2": ONE, "s3": ONE})
    with asks.itself():
        pass
    assert [name for name, _ in nodes.asked] == ["s2"]
    asks, nodes = control("edge-1", {"s1": ONE})
    with pytest.raises(NoServerError), asks.itself():
        pass
    assert nodes.asked == []


def test_if_no_server_answers_each_says_why() -> None:
    asks, _ = control("edge-1", {"s1": unreachable("s1"), "s3": (1, "", "")})
    with pytest.raises(NoServerError) as caught, asks.server():
        pass
    error = caught.value
    assert error.reasons == ("s1: no connection to s1", "s2: s2 has no K3s", "s3: exit code 1")
    assert (error.node, error.step, error.log) == ("edge-1", "cluster", error.reasons)
    assert "bring one of them back" in error.mend


def test_an_error_of_who_asks_is_not_taken_for_one_of_the_server() -> None:
    asks, nodes = control("edge-1", {"s1": ONE, "s2": ONE})
    with pytest.raises(NodeError, match="pods stay"), asks.server():
        raise NodeError("edge-1", "drain", "pods stay", mend="x")
    assert [name for name, _ in nodes.asked] == ["s1"]


def test_connections_that_are_not_needed_any_more_are_ended() -> None:
    asks, nodes = control("edge-1", {})
    asks.close()
    assert nodes.asked == [("-s1", "edge-1"), ("-s2", "edge-1"), ("-s3", "edge-1")]
