"""A machine that is in no cluster yet: may it start one, or take a name in one?"""

from __future__ import annotations

from collections.abc import Mapping

from shimyard.node.cluster import Member
from shimyard.node.errors import NodeError
from shimyard.node.progress import Report
from shimyard.provider.control import Control, Standing
from shimyard.provider.rollout import keep_quorum
from shimyard.settings.capabilities import CAPABILITY_DOMAIN


class AdmissionError(NodeError):
    """The machine can't become this node of the cluster."""

    def __init__(self, node: str, cause: str, mend: str) -> None:
        super().__init__(node, "join", cause, mend=mend)


def standing_cluster(control: Control) -> Standing | None:
    """The cluster that stands already. A server that starts one must be sure that there is none.

    Raises ``AdmissionError`` if another server of the stack that may have it does not answer.
    """
    try:
        return control.standing()
    except NodeError as error:
        raise AdmissionError(
            control.node,
            f"{error.node} may be what is left of a cluster, and does not answer: {error.cause}",
            f"bring {error.node} back, so that {control.node} joins its cluster; if there is no "
            f"cluster any more, run `pulumi destroy`, or wipe {error.node}, first",
        ) from error


def make_room(control: Control, report: Report, *, server: bool = False) -> None:
    """Forget the Node object of a machine of the same name that is gone; its etcd member, too.

    ``server``: it joins as one, so servers that are down and no longer of the stack go, too.
    Raises ``AdmissionError``, ``RolloutError`` if the quorum is at stake.
    """
    node = control.node
    with control.server(others_only=True) as cluster:
        members = cluster.members()
        member = members.get(node)
        if member is not None and member.ready:
            raise AdmissionError(
                node,
                f"the cluster has a node {node} already, and it is Ready: another machine",
                "give this machine a name of its own, or remove the other one first; if it has "
                "just taken the other one's place, wait a minute until the cluster has noticed",
            )
        leaving = [] if member is None else [member]
        if server:
            leaving += _in_the_way(control, members)
        for each in leaving:
            keep_quorum(members, each, leaves=True)
            successor = "another machine now" if each.name == node else f"replaced by {node}"
            report("join", f"{each.name} is {successor}: the old one leaves the cluster first")
            cluster.forget(each.name)
            members = cluster.members()


def _in_the_way(control: Control, members: Mapping[str, Member]) -> list[Member]:
    """The servers that are down and leave the stack: etcd takes no member while it misses one.

    Raises ``AdmissionError`` if one of those that are down stays, or is none of ours.
    """
    declared = {server.name for server in control.membership.servers}
    down = [
        each
        for each in members.values()
        if each.server and not each.ready and each.name != control.node
    ]
    for each in down:
        ours = any(label.startswith(f"{CAPABILITY_DOMAIN}/") for label in each.labels)
        if each.name in declared or not ours:
            raise AdmissionError(
                control.node,
                f"{each.name} is a server and not Ready, and etcd takes no new member meanwhile",
                f"mend {each.name} first, or take it out of the cluster",
            )
    return down
