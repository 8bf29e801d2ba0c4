"""What decides one lab: its folder, its name, its subnet and how many nodes it has."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Self

from lab.errors import SettingsError

DEFAULT_NAME = "shimyard0"
DEFAULT_SUBNET = IPv4Network("10.213.0.0/24")
DEFAULT_NODES = 3
FIRST_NODE_HOST = 11
MOST_NODES = 99
SSH_USER = "edge"

# nspawn names a node's interface on the host "vb-<lab>-<number>", and Linux takes 15 characters.
_NAME = re.compile(r"[a-z][a-z0-9]{0,8}")
# These have a meaning of their own in overlayfs' mount options.
_UNMOUNTABLE = re.compile(r"[:,\\\s\"]")


@dataclass(frozen=True)
class LabSettings:
    """One lab on this machine; two run side by side if all of folder, name and subnet differ.

    ``folder`` is absolute and holds all of the lab's state. ``name`` is also the bridge's name
    (at most 9 lower-case letters and digits). ``subnet`` has room for ``nodes`` from .11 on.
    Errors: ``SettingsError``.
    """

    folder: Path
    name: str = DEFAULT_NAME
    subnet: IPv4Network = DEFAULT_SUBNET
    nodes: int = DEFAULT_NODES

    def __post_init__(self) -> None:
        if not self.folder.is_absolute():
            raise SettingsError("the state folder", self.folder, "give an absolute path")
        if _UNMOUNTABLE.search(str(self.folder)):
            raise SettingsError(
                "the state folder",
                self.folder,
                "its path may not have spaces, ':', ',', '\\' or '\"'",
            )
        if not _NAME.fullmatch(self.name):
            raise SettingsError(
                "the name", self.name, "use 1 to 9 lower-case letters and digits, a letter first"
            )
        if not 0 <= self.nodes <= MOST_NODES:
            raise SettingsError("the number of nodes", self.nodes, f"use 0 to {MOST_NODES}")
        if self.subnet.num_addresses < FIRST_NODE_HOST + self.nodes + 1:
            raise SettingsError(
                "the subnet", self.subnet, f"it has no room for {self.nodes} nodes from .11 on"
            )
        if not self.subnet.is_private:
            raise SettingsError("the subnet", self.subnet, "use a private network")

    @property
    def gateway(self) -> IPv4Address:
        """The bridge's own address: where nodes reach the mirror and the registry."""
        return self.subnet[1]

    @property
    def node_names(self) -> tuple[str, ...]:
        """``edge-1``, ``edge-2``, ..."""
        return tuple(f"edge-{number}" for number in range(1, self.nodes + 1))

    def number_of(self, node: str) -> int:
        """1 for ``edge-1``, and so on."""
        return int(node.removeprefix("edge-"))

    def address_of(self, node: str) -> IPv4Address:
        """The address of a node: the subnet's .11 for ``edge-1``, and so on."""
        return self.subnet[FIRST_NODE_HOST - 1 + self.number_of(node)]

    def machine_of(self, node: str) -> str:
        """The node's machine name, unique on this machine across labs."""
        return f"{self.name}-{self.number_of(node)}"

    def interface_of(self, node: str) -> str:
        """The name of the host's end of the node's link."""
        return f"vb-{self.machine_of(node)}"

    def with_nodes(self, nodes: int) -> Self:
        """The same lab with another number of nodes."""
        return replace(self, nodes=nodes)
