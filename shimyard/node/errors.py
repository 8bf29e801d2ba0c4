"""What can go wrong on a machine, told so that a person far away from it can mend it."""

from __future__ import annotations

from collections.abc import Sequence

from shimyard.errors import ShimyardError


class NodeError(ShimyardError):
    """A step on a node that failed.

    Attributes: ``node`` and ``step`` (names), ``cause`` (one sentence), ``log`` (the last lines
    of what shows it, oldest first), ``restored`` (whether the node is as it was before).
    """

    def __init__(
        self,
        node: str,
        step: str,
        cause: str,
        *,
        mend: str,
        log: Sequence[str] = (),
        restored: bool = True,
    ) -> None:
        state = "" if restored else " The node is NOT yet back to what it was."
        lines = "".join(f"\n    | {line}" for line in log)
        super().__init__(f"node {node}, step {step}: {cause}.{state}{lines}", mend=mend)
        self.node = node
        self.step = step
        self.cause = cause
        self.log = tuple(log)
        self.restored = restored


class ConnectionFailedError(NodeError):
    """The node can't be reached, or one of the two sides does not accept the other."""


class KilledError(Exception):
    """A command on a node that a signal has ended, while the connection stands."""
