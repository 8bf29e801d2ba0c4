"""The coordinator of a cluster: how many of its nodes may be out at a time, and which are next.

One a cluster and run of the engine, which updates resources in parallel and knows nothing of each
other's pods.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from shimyard.node.cluster import Cluster, Member
from shimyard.node.errors import NodeError
from shimyard.node.progress import Report
from shimyard.provider.control import Control
from shimyard.settings.membership import MembershipSettings
from shimyard.settings.rollout import DrainSettings

_INTERVAL: Final = 0.5


class RolloutError(NodeError):
    """A node may not be disrupted now."""

    def __init__(self, node: str, cause: str, mend: str) -> None:
        super().__init__(node, "rollout", cause, mend=mend)


class Rollout:
    """The nodes of one cluster that are out because of us. Safe for many threads.

    After a failure no further node is disrupted in this run.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._out: dict[str, bool] = {}
        self._failed: str | None = None

    @contextmanager
    def turn(self, control: Control, report: Report, *, server: bool) -> Iterator[None]:
        """Let the block change the node when its turn comes. Raises ``RolloutError``.

        The node stays in service: that a change drains nothing does not prove that it is good.
        """
        node = control.node
        self._enter(control.membership, node, report, server=server)
        try:
            yield
        except BaseException:
            with self._changed:
                self._failed = self._failed or node
            raise
        finally:
            with self._changed:
                self._out.pop(node, None)
                self._changed.notify_all()

    @contextmanager
    def disruption(self, control: Control, report: Report, *, server: bool) -> Iterator[None]:
        """Cordon and drain the node, let the block change it, and take it back in when Ready.

        A node that the cluster does not know is just changed. Raises ``RolloutError``, and any
        ``NodeError`` of a server; then nothing was changed on the node.
        """
        with self.turn(control, report, server=server):
            with control.server() as cluster:
                drained = self._leave_service(cluster, control.membership, control.node, report)
            try:
                yield
            except NodeError as error:
                if drained and error.restored:
                    # The node runs what it ran before: it should not stay out for our failure.
                    with suppress(NodeError):
                        settle(control, report)
                raise
            if drained:
                settle(control, report)

    @contextmanager
    def restart(self, control: Control, report: Report, *, server: bool) -> Iterator[None]:
        """Let the block restart K3s of a node, whose pods run on, and wait until it is Ready.

        Nodes that are down anyway are in nobody's way here. Raises as ``disruption`` does.
        """
        with self.turn(control, report, server=server):
            if server and len(control.membership.servers) > 1:
                with control.server() as cluster:
                    members = cluster.members()
                    if control.node in members:
                        keep_quorum(members, members[control.node])
            yield
            settle(control, report)

    def _enter(
        self, membership: MembershipSettings, node: str, report: Report, *, server: bool
    ) -> None:
        """Wait for a place among those that may be out."""
        told = False
        with self._changed:
            while self._failed is None and not self._has_place(membership, server=server):
                if not told:
                    report("wait", f"waiting for {', '.join(self._out)}")
                    told = True
                self._changed.wait()
            if self._failed is not None:
                raise RolloutError(
                    node,
                    f"the rollout stopped at {self._failed}; {node} was left alone",
                    f"mend what failed on {self._failed}, then run `pulumi up` again",
                )
            self._out[node] = server

    def _has_place(self, membership: MembershipSettings, *, server: bool) -> bool:
        if server:
            # Two servers out at a time can cost the quorum.
            return not self._out
        return not any(self._out.values()) and len(self._out) < membership.rollout.max_unavailable

    def _leave_service(
        self, cluster: Cluster, membership: MembershipSettings, node: str, report: Report
    ) -> bool:
        """Cordon and drain; whether the node is one of the cluster's."""
        members = cluster.members()
        member = members.get(node)
        if member is None:
            return False
        self._refuse_too_many(members, membership, member)
        keep_quorum(members, member)
        report("drain", f"{node} takes no new pods")
        cluster.cordon(node)
        if not member.ready:
            # Nobody there would end its pods.
            report("drain", f"{node} is not Ready, and is not drained")
            return True
        settings = membership.rollout.drain
        try:
            send_pods_away(cluster, settings, node, report)
        except NodeError:
            with suppress(NodeError):
                cluster.uncordon(node)
            raise
        return True

    def _refuse_too_many(
        self, members: Mapping[str, Member], membership: MembershipSettings, member: Member
    ) -> None:
        with self._changed:
            ours = set(self._out)
        down = sorted(
            each.name
            for each in members.values()
            if not each.ready and each.name not in ours and each.name != member.name
        )
        allowed = membership.rollout.max_unavailable
        if len(ours | {member.name}) + len(down) > allowed:
            raise RolloutError(
                member.name,
                f"{', '.join(down)} {'is' if len(down) == 1 else 'are'} not Ready, and {allowed} "
                "may be out at a time",
                "mend or remove what is down, or raise cluster.rollout.maxUnavailable",
            )


class Rollouts:
    """The rollout of each cluster, by its name. Safe for many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._rollouts: dict[str, Rollout] = {}

    def of(self, cluster: str) -> Rollout:
        """The one rollout of ``cluster`` in this run."""
        with self._guard:
            return self._rollouts.setdefault(cluster, Rollout())


def settle(control: Control, report: Report) -> None:
    """Wait until the node is Ready, and uncordon it if a change of ours has cordoned it.

    Does nothing if the cluster does not know it. A server that restarts is asked again, for as
    long as the rollout gives a node to be Ready. Raises ``NodeError``.
    """
    node, seconds = control.node, control.membership.rollout.ready_timeout
    deadline = time.monotonic() + seconds
    report("ready", f"waiting until {node} is Ready in the cluster")
    while True:
        late = time.monotonic() > deadline
        try:
            with control.server() as cluster:
                member = cluster.member(node)
                if member is None or member.ready:
                    if member is not None and member.ours:
                        cluster.uncordon(node)
                        report("ready", f"{node} takes pods again")
                    return
        except NodeError:
            if late:
                raise
        if late:
            raise RolloutError(
                node,
                f"{node} is not Ready {seconds} s after its change",
                f"see `kubectl describe node {node}` for the reason, then run `pulumi up` again",
            )
        time.sleep(_INTERVAL)


def send_pods_away(cluster: Cluster, drain: DrainSettings, node: str, report: Report) -> None:
    """Drain a node, as its rollout says. Raises ``NodeError``: some pods stay."""
    report("drain", f"pods leave {node}")
    cluster.drain(
        node,
        timeout=drain.timeout,
        grace_period=drain.grace_period,
        delete_empty_dir_data=drain.delete_empty_dir_data,
        force=drain.force,
        on_line=lambda line: report("drain", line),
    )


def keep_quorum(members: Mapping[str, Member], member: Member, *, leaves: bool = False) -> None:
    """Refuse to take a server out if those that stay are no majority of etcd.

    ``leaves``: for good, so that etcd has one member less afterwards. Raises ``RolloutError``.
    """
    servers = [each for each in members.values() if each.server]
    if not member.server or len(servers) < 2:
        return
    staying = [each for each in servers if each.ready and each.name != member.name]
    size = len(servers) - 1 if leaves else len(servers)
    if len(staying) <= size // 2:
        down = [each.name for each in servers if not each.ready and each.name != member.name]
        raise RolloutError(
            member.name,
            f"without it {len(staying)} of {size} servers would be left, which is no quorum; "
            f"not Ready: {', '.join(down) or 'none'}",
            "mend the servers that are not Ready, or add one, first",
        )
