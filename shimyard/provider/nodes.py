"""One connection a node and engine run, shared by all resources of the node."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shimyard.node.facts import Facts
from shimyard.node.transaction import read_facts
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings


class Nodes:
    """Open connections by the settings that lead to them. Safe for many threads."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self._guard = threading.Lock()
        self._slots: dict[str, _Slot] = {}

    @contextmanager
    def session(self, node: NodeSettings) -> Iterator[Session]:
        """The node's connection, for one thread at a time, to change the node with.

        Raises ``ConnectionFailedError``.
        """
        slot = self._slot(node)
        with slot.lock:
            slot.facts = None
            yield slot.connected(node, self.project)

    def facts(self, node: NodeSettings) -> Facts:
        """The facts of the node: read once for all resources, until somebody changes it."""
        slot = self._slot(node)
        with slot.lock:
            if slot.facts is None:
                slot.facts = read_facts(slot.connected(node, self.project))
            return slot.facts

    def close(self) -> None:
        """End all connections."""
        with self._guard:
            slots = list(self._slots.values())
            self._slots.clear()
        for slot in slots:
            if slot.session is not None:
                slot.session.close()

    def _slot(self, node: NodeSettings) -> _Slot:
        key = node.model_dump_json(include={"address", "ssh"})
        with self._guard:
            return self._slots.setdefault(key, _Slot())


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.session: Session | None = None
        self.facts: Facts | None = None

    def connected(self, node: NodeSettings, project: Path) -> Session:
        if self.session is None or not self.session.alive:
            self.session = Session.open(node, project)
        return self.session
