"""The end of a node: its pods leave, its Node object goes, its etcd member with it."""

from __future__ import annotations

from shimyard.node.errors import NodeError
from shimyard.node.progress import Report
from shimyard.provider.control import Control
from shimyard.provider.rollout import keep_quorum, send_pods_away


class Retirement:
    """Takes the node that ``control`` is about out of its cluster, by another server.

    ``gone``: the cluster has not heard from the machine either, so that it is not waited for.
    """

    def __init__(self, control: Control, report: Report) -> None:
        self._control = control
        self._report = report
        self.gone = False
        self._alone = False

    def leave(self) -> None:
        """Cordon and drain a node that is Ready. Raises ``NodeError``: pods stay, no quorum.

        Where no other server is left, the cluster ends with this machine.
        """
        node = self._control.node
        self._alone = self._is_alone()
        if self._alone:
            return
        with self._control.server(others_only=True) as cluster:
            members = cluster.members()
            member = members.get(node)
            if member is None:
                self.gone = True
                return
            keep_quorum(members, member, leaves=True)
            cluster.cordon(node)
            if not member.ready:
                self.gone = True
                self._report("drain", f"{node} is not Ready, and is not drained")
                return
            drain = self._control.membership.rollout.drain
            send_pods_away(cluster, drain, node, self._report)

    def forget(self) -> None:
        """Delete the Node object. Raises ``NodeError``."""
        try:
            if not self._alone:
                with self._control.server(others_only=True) as cluster:
                    self._report("leave", f"{self._control.node} leaves the cluster")
                    cluster.forget(self._control.node)
        finally:
            self._control.close()

    def _is_alone(self) -> bool:
        """Whether no other server is left: none was declared, or all others have left before.

        The machine itself is asked: the others are clean already when a whole cluster goes.
        """
        node, servers = self._control.node, self._control.membership.servers
        if [server.name for server in servers] == [node]:
            return True
        try:
            with self._control.itself() as cluster:
                return not any(
                    each.server and each.name != node for each in cluster.members().values()
                )
        except NodeError:
            return False


def not_cleaned(cause: str) -> str:
    """What a person must know of a machine that left its cluster without an answer."""
    return (
        f"it has left the cluster, but the machine itself was not cleaned ({cause}); "
        "wipe it before it is used again"
    )
