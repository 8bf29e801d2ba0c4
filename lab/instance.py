"""A lab: some nodes on a bridge of their own, brought up, looked at and taken away as one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Self

from lab import cgroups
from lab.errors import SettingsError, UnknownNodeError
from lab.host import ensure_watches, require_fit
from lab.mounts import unmount_all
from lab.network import ensure_bridge, owned_bridge, remove_bridge
from lab.nodes.base import ensure_base
from lab.nodes.keys import ensure_user_key, write_known_hosts
from lab.nodes.node import Node
from lab.nodes.nspawn import forget_machines
from lab.nodes.seed import ensure_seed
from lab.settings import DEFAULT_NAME, DEFAULT_NODES, DEFAULT_SUBNET, LabSettings
from lab.state import State
from toolchain.progress import Progress


class Lab:
    """One lab on this machine. As a context manager it is up inside the block and gone after it.

    ``state_dir`` holds everything it makes; ``name`` is its bridge's name; ``subnet`` its network;
    ``nodes`` how many to bring up. Needs root and the programs that `python -m lab prepare`
    installs. Errors: ``SettingsError``, and from the methods any ``LabError``.
    """

    def __init__(
        self,
        state_dir: Path,
        name: str = DEFAULT_NAME,
        subnet: IPv4Network = DEFAULT_SUBNET,
        nodes: int = DEFAULT_NODES,
        *,
        progress: Progress | None = None,
    ) -> None:
        self.settings = LabSettings(state_dir.absolute(), name, subnet, nodes)
        self.state = State(self.settings.folder)
        self._progress = progress

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.down()

    def up(self) -> None:
        """Bring all nodes up and wait until each is ready.

        A node that runs stays as it is, one that is off or was killed starts again with its
        files. Nodes that an earlier ``up`` made beyond ``nodes`` are kept.
        """
        require_fit()
        base = ensure_base(self._progress)
        with self.state.locked():
            self.settings = self._merged(self.state.recorded())
            if owned_bridge(self.settings) is None:
                # After a crash or a reboot of the machine: nothing may run without the bridge.
                cgroups.end(self.settings.name)
            changed = ensure_watches(self.settings.nodes)
            if changed is not None and self._progress is not None:
                self._progress.line(changed)
            self.state.claim(self.settings)
            ensure_bridge(self.settings)
            ensure_user_key(self.state)
            nodes = [Node(self.settings, name, base) for name in self.settings.node_names]
            for node in nodes:
                ensure_seed(self.settings, self.state, node.name)
            write_known_hosts(self.settings, self.state)
            for node in nodes:
                node.boot()
            with ThreadPoolExecutor(max_workers=max(1, len(nodes))) as pool:
                list(pool.map(Node.wait_ready, nodes))

    def down(self) -> None:
        """Remove everything: processes, mounts, links, bridge, cgroups, the state folder.

        Also what a lab left that was killed, or whose machine was. Does nothing if there is
        nothing. Errors: ``LeftBehindError``, ``NotReadyError``, ``BridgeTakenError``,
        ``StateFolderTakenError``.
        """
        with self.state.locked():
            self.settings = self._merged(self.state.recorded())
            owned_bridge(self.settings)
            if self.state.folder.is_dir():
                self.state.refuse_strangers()
            cgroups.end(self.settings.name)
            forget_machines(self.settings)
            unmount_all(self.state.folder)
            remove_bridge(self.settings)
            self.state.remove()

    def add_node(self) -> Node:
        """Bring one more node up and return it."""
        more = self.settings.with_nodes(self.settings.nodes + 1)
        self.settings = more
        self.up()
        return self.node(more.node_names[-1])

    @property
    def nodes(self) -> list[Node]:
        """All nodes that this lab has, running or not."""
        recorded = self.state.recorded()
        if recorded is None:
            return []
        base = ensure_base(self._progress)
        return [Node(recorded, name, base) for name in recorded.node_names]

    def node(self, name: str) -> Node:
        """The node called ``name``, such as ``edge-1``. Errors: ``UnknownNodeError``."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise UnknownNodeError(name, [node.name for node in self.nodes])

    def _merged(self, recorded: LabSettings | None) -> LabSettings:
        if recorded is None:
            return self.settings
        for field in ("name", "subnet"):
            if getattr(recorded, field) != getattr(self.settings, field):
                raise SettingsError(
                    f"the {field}",
                    getattr(self.settings, field),
                    f"the lab in {self.state.folder} has {getattr(recorded, field)}; "
                    "end that one first with `python -m lab down`",
                )
        return self.settings.with_nodes(max(recorded.nodes, self.settings.nodes))
