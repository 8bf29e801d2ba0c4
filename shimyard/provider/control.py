"""The way to a cluster's servers: connections of its own, beside those of the nodes' resources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from shimyard.node.cluster import Cluster
from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.progress import silent
from shimyard.node.transcript import Transcript
from shimyard.settings import NodeSettings
from shimyard.settings.membership import MembershipSettings

if TYPE_CHECKING:
    from shimyard.provider.nodes import Nodes


class NoServerError(NodeError):
    """No server of the cluster answers. Attribute ``reasons``: one sentence a server."""

    def __init__(self, node: str, reasons: tuple[str, ...]) -> None:
        super().__init__(
            node,
            "cluster",
            "no server of the cluster can be asked",
            log=reasons,
            mend="bring one of them back, then run `pulumi up` again",
        )
        self.reasons = reasons


class Control:
    """Asks the servers of a cluster on behalf of the resource of one machine, ``node``."""

    def __init__(
        self, nodes: Nodes, membership: MembershipSettings, node: str, transcript: Transcript
    ) -> None:
        self.membership = membership
        self.node = node
        self._nodes = nodes
        self._transcript = transcript

    @contextmanager
    def server(self, *, others_only: bool = False) -> Iterator[Cluster]:
        """kubectl on the first server that answers; the node's own machine is asked last.

        ``others_only``: never on that machine. Raises ``NoServerError``.
        """
        others = [each for each in self.membership.servers if each.name != self.node]
        with self._first_of(others if others_only else [*others, *self._itself()]) as cluster:
            yield cluster

    @contextmanager
    def itself(self) -> Iterator[Cluster]:
        """kubectl on the node's own machine. Raises ``NoServerError``, also if it is no server."""
        with self._first_of(self._itself()) as cluster:
            yield cluster

    def _itself(self) -> list[NodeSettings]:
        return [each for each in self.membership.servers if each.name == self.node]

    @contextmanager
    def _first_of(self, servers: Sequence[NodeSettings]) -> Iterator[Cluster]:
        reasons = []
        for server in servers:
            with ExitStack() as stack:
                try:
                    session = stack.enter_context(
                        self._nodes.session(server, silent, self._transcript, purpose=self.node)
                    )
                    cluster = Cluster.answering(session, self.node)
                except NodeError as error:
                    reasons.append(f"{server.name}: {error.cause}")
                    continue
                yield cluster
                return
        raise NoServerError(self.node, tuple(reasons))

    def standing(self) -> str | None:
        """The first other server that answers for the cluster; None if there is no cluster yet.

        Raises ``NodeError`` if one of them can't be asked: it may be all that is left of it.
        """
        for server in self.membership.servers:
            if server.name == self.node:
                continue
            with self._nodes.session(
                server, silent, self._transcript, purpose=self.node
            ) as session:
                try:
                    Cluster(session).members()
                except ConnectionFailedError:
                    raise
                except NodeError:
                    # No K3s there, or none that runs.
                    continue
                return server.name
        return None

    def close(self) -> None:
        """End the connections: a large fleet's would be too many for a small server."""
        for server in self.membership.servers:
            self._nodes.hang_up(server, purpose=self.node)
