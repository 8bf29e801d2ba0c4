"""One connection a node and engine run, shared by all resources of the node."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.facts import Facts
from shimyard.node.progress import Report, silent
from shimyard.node.transaction import read_facts
from shimyard.node.transcript import UNTOLD, Redaction, Transcript
from shimyard.provider.claims import Claims
from shimyard.provider.rollout import Rollouts
from shimyard.settings import NodeSettings

if TYPE_CHECKING:
    from shimyard.node.transport import Session

# So long a failed connection is not tried again: each resource of a dead node would wait for it.
_PAUSE = 60.0
# So long a run waits for a change that another one, cut off or not, has left to the node.
_PATIENCE = 300.0
_INTERVAL = 0.5
# Connections that wait for the next resource of their node: each is a thread, an open file of the
# 1024 that a process usually may have, and half a megabyte.
_MOST_IDLE = 256


class CancelledRunError(NodeError):
    """The run of the engine was cancelled while, or before, it worked on the node."""

    def __init__(self, node: str) -> None:
        super().__init__(
            node,
            "cancel",
            "the run was cancelled; what the node has begun it ends, or takes back, by itself",
            mend="run `pulumi up` again",
        )


class Nodes:
    """Open connections by the settings that lead to them. Safe for many threads.

    ``claims``: which resource of the program stands for what on which machine. ``rollouts``: which
    nodes of a cluster are out. ``redacted``: the secrets of all resources, since a machine can
    answer one of them with another's.
    """

    def __init__(self, project: Path) -> None:
        self.project = project
        self.claims = Claims()
        self.rollouts = Rollouts()
        self.redacted = Redaction()
        self.cancelled = False
        self._guard = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._unreachable: set[str] = set()
        # In the order in which they were last used.
        self._idle: dict[_Slot, None] = {}

    def unreachable(self, node: NodeSettings) -> bool:
        """Whether the last connection to it failed, for whatever purpose."""
        return _key(node, "") in self._unreachable

    @contextmanager
    def session(
        self,
        node: NodeSettings,
        report: Report = silent,
        transcript: Transcript = UNTOLD,
        *,
        purpose: str = "",
    ) -> Iterator[Session]:
        """The node's connection, for one thread at a time, to change the node with.

        ``transcript`` gets what is run there meanwhile. ``purpose``: another connection for each,
        so that who drains a node does not wait for who changes the server.
        Raises ``ConnectionFailedError``, ``CancelledRunError``.
        """
        slot = self._slot(node, purpose)
        with self._used(slot):
            session = self._connected(slot, node, report, transcript)
            slot.facts = None
            yield session

    def facts(self, node: NodeSettings, transcript: Transcript = UNTOLD) -> Facts:
        """The facts of the node: read once for all resources, until somebody changes it."""
        slot = self._slot(node)
        with self._used(slot):
            if slot.facts is None:
                session = self._connected(slot, node, silent, transcript)
                # A new connection has just read them.
                slot.facts = slot.facts or read_facts(session)
            return slot.facts

    def hang_up(self, node: NodeSettings, *, purpose: str) -> None:
        """End the node's connection for a purpose, if there is one."""
        with self._guard:
            slot = self._slots.pop(_key(node, purpose), None)
        if slot is None:
            return
        # Another resource of the node may be in the middle of a command.
        with slot.lock:
            with self._guard:
                self._idle.pop(slot, None)
            slot.hang_up()

    def cancel(self) -> None:
        """End all connections, and open no more. A node that is at work ends it by itself."""
        self.cancelled = True
        self.close()

    def close(self) -> None:
        """End all connections."""
        with self._guard:
            slots = list(self._slots.values())
            self._slots.clear()
            self._idle.clear()
        for slot in slots:
            if slot.session is not None:
                slot.session.close()

    @contextmanager
    def _used(self, slot: _Slot) -> Iterator[None]:
        """Nobody else uses the connection meanwhile. What has been idle for longest may end after.

        A large fleet's connections, all kept, would be more than a process can have.
        """
        try:
            with slot.lock:
                with self._guard:
                    self._idle.pop(slot, None)
                yield
        finally:
            with self._guard:
                if slot.session is not None:
                    self._idle[slot] = None
                surplus = list(self._idle)[: max(0, len(self._idle) - _MOST_IDLE)]
                for each in surplus:
                    del self._idle[each]
            for each in surplus:
                # Who has it by now keeps it.
                if each.lock.acquire(blocking=False):
                    try:
                        each.hang_up()
                    finally:
                        each.lock.release()

    def _connected(
        self, slot: _Slot, node: NodeSettings, report: Report, transcript: Transcript
    ) -> Session:
        if self.cancelled:
            raise CancelledRunError(node.name)
        if slot.session is None or not slot.session.alive:
            if slot.failure is not None and time.monotonic() - slot.failed_at < _PAUSE:
                raise slot.failure
            # Paramiko is not worth its time where no machine is asked: previews, no-op updates.
            # Nothing else may be imported in threads: two packages that import each other's parts
            # fail there ("deadlock detected by _ModuleLock").
            from shimyard.node.transport import Session  # noqa: PLC0415

            began = time.monotonic()
            try:
                slot.session = Session.open(node, self.project)
            except ConnectionFailedError as error:
                slot.failure, slot.failed_at = error, time.monotonic()
                self._unreachable.add(_key(node, ""))
                raise
            self._unreachable.discard(_key(node, ""))
            took = time.monotonic() - began
            transcript.say(f"logged in as {node.ssh.user} at {node.address} after {took:.3f} s")
            slot.session.transcript = transcript
            slot.facts = self._settle(slot.session, report)
        slot.session.transcript = transcript
        return slot.session

    def _settle(self, session: Session, report: Report) -> Facts:
        """The facts, once the node has carried out what an earlier run has begun."""
        deadline = time.monotonic() + _PATIENCE
        while (facts := read_facts(session)).generations.running and time.monotonic() < deadline:
            report("wait", "the node is still at work on an earlier change")
            time.sleep(_INTERVAL)
        return facts

    def _slot(self, node: NodeSettings, purpose: str = "") -> _Slot:
        with self._guard:
            return self._slots.setdefault(_key(node, purpose), _Slot())


def _key(node: NodeSettings, purpose: str) -> str:
    return purpose + node.model_dump_json(include={"address", "ssh"})


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.session: Session | None = None
        self.facts: Facts | None = None
        self.failure: ConnectionFailedError | None = None
        self.failed_at = 0.0

    def hang_up(self) -> None:
        """End the connection; what was read by it stays known."""
        if self.session is not None:
            self.session.close()
            self.session = None
