"""A machine that is in no cluster yet: may it start one, or take a name in one?"""

from __future__ import annotations

from shimyard.node.errors import NodeError
from shimyard.node.progress import Report
from shimyard.provider.control import Control, Standing
from shimyard.provider.rollout import keep_quorum


class AdmissionError(NodeError):
    """The machine can't become this node of the cluster."""

    def __init__(self, node: str, cause: str, mend: str) -> None:
        super().__init__(node, "join", cause, mend=mend)


class ClusterStandsError(Exception):
    """The cluster that a server was to start is there already. Attribute ``standing``: by whom."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(f"{standing.server.name} serves the cluster already")
        self.standing = standing


def refuse_second_cluster(control: Control) -> None:
    """A server that starts a cluster must be sure that there is none: agents would follow it.

    Raises ``ClusterStandsError``, or ``AdmissionError`` if another server of the stack does not
    answer that could be one of the cluster's.
    """
    try:
        standing = control.standing()
    except NodeError as error:
        raise AdmissionError(
            control.node,
            f"{error.node} may be what is left of a cluster, and does not answer: {error.cause}",
            f"bring {error.node} back, so that {control.node} joins its cluster; if there is no "
            f"cluster any more, run `pulumi destroy`, or wipe {error.node}, first",
        ) from error
    if standing is not None:
        raise ClusterStandsError(standing)


def make_room(control: Control, report: Report) -> None:
    """Forget the Node object of a machine of the same name that is gone; its etcd member, too.

    Raises ``AdmissionError`` if that machine is Ready, ``RolloutError`` if the quorum is at stake.
    """
    node = control.node
    with control.server(others_only=True) as cluster:
        members = cluster.members()
        member = members.get(node)
        if member is None:
            return
        if member.ready:
            raise AdmissionError(
                node,
                f"the cluster has a node {node} already, and it is Ready: another machine",
                "give this machine a name of its own, or remove the other one first; if it has "
                "just taken the other one's place, wait a minute until the cluster has noticed",
            )
        keep_quorum(members, member, leaves=True)
        report("join", f"{node} is another machine now: the old one leaves the cluster first")
        cluster.forget(node)
