"""A machine that is in no cluster yet: may it start one, or take a name in one?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from shimyard.node.cluster import Cluster, Member
from shimyard.node.errors import NodeError
from shimyard.node.progress import Report
from shimyard.provider.control import Control, Standing
from shimyard.provider.rollout import keep_quorum
from shimyard.settings.capabilities import CAPABILITY_DOMAIN

# Seconds. A cluster notices within 50 that a node is gone: kubernetes.io/docs/reference/
# command-line-tools-reference/kube-controller-manager, "node-monitor-grace-period".
_NOTICE: Final = 90.0
_INTERVAL: Final = 1.0


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
        member = _noticed(cluster, node, report)
        if member is None and not server:
            return
        members = cluster.members()
        leaving = [] if member is None else [member]
        if server:
            leaving += _in_the_way(control, members)
        for each in leaving:
            keep_quorum(members, each, leaves=True)
            successor = "another machine now" if each.name == node else f"replaced by {node}"
            report("join", f"{each.name} is {successor}: the old one leaves the cluster first")
            cluster.forget(each.name)
            members = cluster.members()


def _noticed(cluster: Cluster, node: str, report: Report) -> Member | None:
    """The node of that name, once the cluster has noticed that its old machine is gone.

    Raises ``AdmissionError`` if that one goes on to be heard from.
    """
    deadline = time.monotonic() + _NOTICE
    told = False
    while True:
        member = cluster.member(node)
        if member is None or not member.ready:
            return member
        if time.monotonic() > deadline:
            raise AdmissionError(
                node,
                f"the cluster has a node {node} already, and it is Ready: another machine",
                "give this machine a name of its own, or remove the other one first",
            )
        if not told:
            report("join", f"the cluster has a node {node}: waiting until that is not Ready")
            told = True
        time.sleep(_INTERVAL)


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
