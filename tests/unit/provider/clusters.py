"""Stand-ins of a cluster and of the way to its servers: they note what they are asked.

They show what the coordinator asks for and in which order, not that a cluster takes it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from shimyard.node.cluster import Cluster, Member
from shimyard.node.errors import NodeError
from shimyard.provider.control import Control, NoServerError, Standing
from shimyard.settings.membership import MembershipSettings

CA = "ca" * 32


def machine(name: str, address: str = "192.0.2.10") -> dict[str, Any]:
    """A machine's settings as inputs."""
    return {"name": name, "address": address, "ssh": {"user": "admin", "identityFile": "key"}}


def membership(*servers: str, **rollout: Any) -> dict[str, Any]:
    """A cluster with these servers and this pace, as inputs."""
    names = servers or ("server-1",)
    machines = [machine(name, f"192.0.2.{index}") for index, name in enumerate(names, 101)]
    return {"cluster": "cluster", "servers": machines, "rollout": rollout}


def agent(name: str, **changes: Any) -> Member:
    """A node that is Ready and takes pods, with these fields instead."""
    known = {"ready": True, "cordoned": False, "ours": False, "server": False, "version": "1.36.3"}
    return Member(name, **{**known, **changes})


def server(name: str, **changes: Any) -> Member:
    """The same of the control plane."""
    return agent(name, server=True, **changes)


class StandInCluster(Cluster):
    """Nodes in memory. ``refuses``: a verb -> why it fails."""

    def __init__(self, *members: Member) -> None:
        self.nodes = {member.name: member for member in members}
        self.asked: list[str] = []
        self.refuses: dict[str, str] = {}
        self._guard = threading.Lock()

    def members(self) -> dict[str, Member]:
        """They are read very often: not noted."""
        with self._guard:
            return dict(self.nodes)

    def member(self, node: str) -> Member | None:
        """The same of one."""
        return self.members().get(node)

    def becomes(self, node: str, **changes: Any) -> None:
        """The node is another one from now on."""
        with self._guard:
            self.nodes[node] = replace(self.nodes[node], **changes)

    def cordon(self, node: str) -> None:
        """As the program does: a cordon of somebody else's stays theirs."""
        self._ask(f"cordon {node}")
        if not self.nodes[node].cordoned:
            self.becomes(node, cordoned=True, ours=True)

    def uncordon(self, node: str) -> None:
        """Only ours."""
        self._ask(f"uncordon {node}")
        if self.nodes[node].ours:
            self.becomes(node, cordoned=False, ours=False)

    def drain(self, node: str, **how: Any) -> None:
        """Tells one line."""
        self._ask(f"drain {node}")
        how["on_line"](f"pod/greeter-{node} evicted")

    def forget(self, node: str) -> None:
        """The node is gone."""
        self._ask(f"forget {node}")
        self.nodes.pop(node, None)

    def describe(self, node: str, labels: Mapping[str, str | None], taints: Sequence[str]) -> None:
        """Noted as kubectl's words."""
        words = [f"{key}-" if value is None else f"{key}={value}" for key, value in labels.items()]
        self._ask(" ".join(["describe", node, *sorted(words), *taints]))

    def _ask(self, words: str) -> None:
        with self._guard:
            self.asked.append(words)
        reason = self.refuses.get(words.split(maxsplit=1)[0])
        if reason is not None:
            raise NodeError("server-1", words.split(maxsplit=1)[0], reason, mend="mend it")


class StandInControl(Control):
    """The way from ``node`` to a cluster. ``away``: no server answers."""

    def __init__(self, cluster: StandInCluster, node: str, *servers: str, **rollout: Any) -> None:
        self.membership = MembershipSettings.model_validate(membership(*servers, **rollout))
        self.node = node
        self.cluster = cluster
        self.away = False
        self.closed = 0

    @contextmanager
    def server(self, *, others_only: bool = False) -> Iterator[Cluster]:
        """The cluster, unless nobody is there to be asked."""
        names = [each.name for each in self.membership.servers]
        if self.away or (others_only and names == [self.node]):
            raise NoServerError(self.node, tuple(f"{name}: is down" for name in names))
        yield self.cluster

    @contextmanager
    def itself(self) -> Iterator[Cluster]:
        """The cluster, if the node is a server that still has K3s."""
        member = self.cluster.nodes.get(self.node)
        if self.away or member is None or not member.server:
            raise NoServerError(self.node, ())
        yield self.cluster

    def standing(self) -> Standing | None:
        """The first other server of the settings that is a node."""
        if self.away:
            raise NodeError("server-2", "connect", "no connection", mend="mend it")
        for each in self.membership.servers:
            if each.name != self.node and each.name in self.cluster.nodes:
                return Standing(each, CA)
        return None

    def close(self) -> None:
        """Counted."""
        self.closed += 1


class Clock:
    """Time that passes only while somebody sleeps. ``then``: what happens at the n-th sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps = 0
        self.then: dict[int, Any] = {}

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        self.sleeps += 1
        if self.sleeps in self.then:
            self.then[self.sleeps]()
