"""A machine that is in no cluster yet: may it start one, or take a name in one?"""

from __future__ import annotations

from shimyard.node.errors import NodeError
from shimyard.node.progress import Report
from shimyard.provider.control import Control
from shimyard.provider.rollout import keep_quorum


class AdmissionError(NodeError):
    """The machine can't become this node of the cluster."""

    def __init__(self, node: str, cause: str, mend: str) -> None:
        super().__init__(node, "join", cause, mend=mend)


def refuse_second_cluster(control: Control) -> None:
    """A server that starts a cluster must be sure that there is none: agents would follow it.

    Raises ``AdmissionError``, or ``NodeError`` if another server of the stack can't be asked.
    """
    node = control.node
    standing = control.standing()
    if standing is not None:
        raise AdmissionError(
            node,
            f"{standing} serves the cluster already, and {node} would start another one",
            f"put {standing} first in cluster.servers, and {node} after it; then it joins",
        )


def make_room(control: Control, report: Report) -> None:
    """Forget the Node object of a machine of the same name that is gone; its etcd member, too.

    Raises ``AdmissionError`` if that machine is Ready, ``RolloutError`` if the quorum is at stake.
    """
    node = control.node
    with control.server(others_only=True) as cluster:
        member = cluster.member(node)
        if member is None:
            return
        if member.ready:
            raise AdmissionError(
                node,
                f"the cluster has a node {node} already, and it is Ready: another machine",
                "give this machine a name of its own, or remove the other one first",
            )
        keep_quorum(cluster.members(), member, leaves=True)
        report("join", f"{node} is another machine now: the old one leaves the cluster first")
        cluster.forget(node)
