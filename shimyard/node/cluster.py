"""The cluster as a server sees it: its kubectl, through the program on that machine."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shimyard.node import program
from shimyard.node.errors import NodeError

if TYPE_CHECKING:
    from shimyard.node.transport import Completed, Session

# What kubectl may take beyond its own timeout.
_SLACK = 30.0
# What the program says of a budget that holds pods, and kubectl of a pod that one holds.
_HELD = "held\t"
_OF_A_BUDGET = "disruption budget"
_MOST_COMPLAINTS = 4
_LOOK = "see whether K3s runs there: systemctl status k3s"


@dataclass(frozen=True)
class Member:
    """A Node object. ``ours``: cordoned by a change of ours, which takes that back at its end."""

    name: str
    ready: bool
    cordoned: bool
    ours: bool
    server: bool
    version: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Access:
    """How a cluster is reached: the SHA-256 of its CA, and the administrator's kubeconfig."""

    ca_sha256: str
    kubeconfig: str = field(repr=False)


class Cluster:
    """What a server's kubectl can do to the nodes. Errors: ``NodeError`` with kubectl's words.

    ``session``: to a machine that is a server.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told: dict[str, Member | None] = {}

    @classmethod
    def answering(cls, session: Session, node: str) -> Cluster:
        """By a server that has shown that it answers: with ``node``, which needs no second asking.

        Raises ``NodeError`` if it does not.
        """
        cluster = cls(session)
        cluster._told[node] = cluster.member(node)
        return cluster

    def members(self) -> dict[str, Member]:
        """All nodes by name. With a thousand of them each one's change must not ask for all."""
        return members_of(self._call("members", mend=_LOOK).out)

    def member(self, node: str) -> Member | None:
        """One node, or None if there is none; the first time, as ``answering`` has heard it."""
        if node in self._told:
            return self._told.pop(node)
        return members_of(self._call("members", node, mend=_LOOK).out).get(node)

    def cordon(self, node: str) -> None:
        """No new pods; a cordon of somebody else's stays theirs."""
        self._call("cordon", node)

    def uncordon(self, node: str) -> None:
        """Pods again."""
        self._call("uncordon", node)

    def drain(
        self,
        node: str,
        *,
        timeout: int,
        grace_period: int | None,
        delete_empty_dir_data: bool,
        force: bool,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        """All pods leave, but those of DaemonSets; budgets are kept, and named if they hold one."""
        words = (
            str(timeout),
            "-1" if grace_period is None else str(grace_period),
            "yes" if delete_empty_dir_data else "no",
            "yes" if force else "no",
        )

        def tell(line: str) -> None:
            if on_line is not None and not line.startswith(_HELD):
                on_line(line)

        completed = program.call(
            self._session, "drain", node, *words, silence=timeout + _SLACK, on_line=tell
        )
        if completed.code != 0:
            raise program.refused(self._session, "drain", completed) or self._not_drained(
                node, completed
            )

    def _not_drained(self, node: str, completed: Completed) -> NodeError:
        budgets = list(_budgets(completed.out))
        complaints = [line for line in completed.err.splitlines() if _OF_A_BUDGET in line]
        lines = dict.fromkeys([*complaints[:_MOST_COMPLAINTS], *program.last_lines(completed)])
        if not budgets:
            mend = (
                "see which pod stays (a disruption budget that allows none, a pod that nothing "
                "starts again: rollout.drain.force), mend it, then run `pulumi up` again"
            )
            return self._error(node, "drain", _last(completed), [*lines], mend)
        return self._error(
            node,
            "drain",
            "; ".join(budgets),
            [*lines],
            "let more of its pods be Ready elsewhere, or let the budget spare one (fewer in "
            "minAvailable, or maxUnavailable), then run `pulumi up` again",
        )

    def forget(self, node: str) -> None:
        """Delete the Node object; a server's etcd member goes with it."""
        self._call("forget", node, seconds=120)

    def describe(self, node: str, labels: Mapping[str, str | None], taints: Sequence[str]) -> None:
        """Set labels (None takes one away) and taints ('key:effect-' takes one away)."""
        words = [f"{key}-" if value is None else f"{key}={value}" for key, value in labels.items()]
        if words:
            self._call("label", node, *words)
        if taints:
            self._call("taint", node, *taints)

    def access(self) -> Access:
        """What an agent and an administrator need."""
        completed = self._call("access", secret=True)
        words = dict(line.split("\t", 1) for line in completed.out.splitlines() if "\t" in line)
        try:
            kubeconfig = base64.b64decode(words["kubeconfig"], validate=True).decode()
            if kubeconfig and words["ca-sha256"]:
                return Access(words["ca-sha256"], kubeconfig)
        except (KeyError, ValueError):
            pass
        server = self._session.node.name
        raise self._error(server, "cluster", "the server has no kubeconfig", (), _LOOK)

    def _call(
        self,
        verb: str,
        *words: str,
        seconds: float = 60.0,
        secret: bool = False,
        mend: str = "",
    ) -> Completed:
        completed = program.call(self._session, verb, *words, silence=seconds, secret=secret)
        if completed.code != 0:
            # The node that it is about, not the server that was asked.
            about = words[0] if words and verb != "members" else self._session.node.name
            raise program.refused(self._session, program.STEPS[verb], completed) or self._error(
                about, program.STEPS[verb], _last(completed), program.last_lines(completed), mend
            )
        return completed

    def _error(
        self, node: str, step: str, cause: str, log: Sequence[str], mend: str = ""
    ) -> NodeError:
        return NodeError(
            node,
            step,
            cause,
            log=log,
            mend=mend or "mend what the lines above show, then run `pulumi up` again",
        )


def members_of(text: str) -> dict[str, Member]:
    """The nodes by name, from the lines that begin with "member"."""
    rows = [line.split("\t") for line in text.splitlines()]
    return {row[1]: _member(row[1:]) for row in rows if row[0] == "member" and len(row) > 7}


def _member(row: Sequence[str]) -> Member:
    name, ready, cordoned, ours, server, version, labels, taints = (*row, "", "")[:8]
    return Member(
        name,
        ready == "True",
        cordoned == "true",
        ours == "yes",
        server == "true",
        version.removeprefix("v"),
        dict(pair.partition("=")[::2] for pair in labels.split(",") if pair),
        tuple(taint for taint in taints.split(",") if taint),
    )


def _budgets(text: str) -> Iterator[str]:
    """A sentence for each budget that holds pods of the node."""
    for line in text.splitlines():
        row = line.split("\t")
        if line.startswith(_HELD) and len(row) == 5:
            _, budget, healthy, wanted, pods = row
            yield (
                f"the disruption budget {budget} spares no pod ({healthy} healthy, {wanted} "
                f"needed), so {', '.join(pods.split())} can't leave"
            )


def _last(completed: Completed) -> str:
    lines = (completed.err or completed.out).strip().splitlines()
    return lines[-1] if lines else f"exit code {completed.code}"
