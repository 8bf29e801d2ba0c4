"""The way to a cluster's servers: connections of its own, beside those of the nodes' resources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shimyard.node.cluster import Cluster
from shimyard.node.errors import NodeError
from shimyard.node.k3s import RESOURCES
from shimyard.node.progress import silent
from shimyard.node.transaction import read_facts
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


@dataclass(frozen=True)
class Standing:
    """A server that answers for its cluster, and the SHA-256 of the cluster's CA."""

    server: NodeSettings
    ca_sha256: str


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
        # One that is known to be down is waited for last.
        for server in sorted(servers, key=self._nodes.unreachable):
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

    def standing(self) -> Standing | None:
        """The first other server that answers for the cluster; None if there is no cluster yet.

        Raises ``NodeError`` if none answers, and one of them can't be asked, or has K3s: it may be
        all that is left of the cluster.
        """
        silence: NodeError | None = None
        for server in self.membership.servers:
            if server.name == self.node:
                continue
            try:
                with self._nodes.session(
                    server, silent, self._transcript, purpose=self.node
                ) as session:
                    if RESOURCES["server"] not in read_facts(session).managed.manifests:
                        continue
                    cluster = Cluster(session)
                    cluster.members()
                    return Standing(server, cluster.access().ca_sha256)
            except NodeError as error:
                silence = silence or error
        if silence is not None:
            raise silence
        return None

    def close(self) -> None:
        """End the connections: a large fleet's would be too many for a small server."""
        for server in self.membership.servers:
            self._nodes.hang_up(server, purpose=self.node)
