"""Which resource of the program stands for what on which machine, in one run of the engine.

The engine creates under a new name before it deletes under the old one. On a machine both are the
same thing, so that a delete must know what has been claimed anew.
"""

from __future__ import annotations

import threading

from shimyard.settings import NodeSettings

_Key = tuple[str, int, str, str]


class Claims:
    """URNs by machine and by the resource's name on it. Safe for many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._claims: dict[_Key, str] = {}
        self._created: set[_Key] = set()

    def claim(self, node: NodeSettings, name: str, urn: str) -> str | None:
        """``urn`` wants to be ``name`` on the machine; the URN that is it already, or None."""
        with self._guard:
            owner = self._claims.setdefault(_key(node, name), urn)
        return None if owner == urn else owner

    def created(self, node: NodeSettings, name: str) -> None:
        """``name`` has been put on the machine in this run."""
        with self._guard:
            self._created.add(_key(node, name))

    def lives_on(self, node: NodeSettings, name: str, urn: str) -> bool:
        """Whether a delete of ``urn`` must leave ``name`` alone, because it has been taken over."""
        key = _key(node, name)
        with self._guard:
            return key in self._created or self._claims.get(key, urn) != urn


def _key(node: NodeSettings, name: str) -> _Key:
    # The same private address behind two jump hosts is two machines.
    behind = node.ssh.bastion.address if node.ssh.bastion is not None else ""
    return (node.address, node.ssh.port, behind, name)
