"""The state folder of one lab: where each thing lies, what is written down, who may change it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from lab.errors import StateFolderTakenError
from lab.settings import LabSettings

# Other rooms put their files here before or after the nodes boot; all of it goes with `down`.
KNOWN_ENTRIES: Final = frozenset(
    {"lab.json", "lab.json.new", "ssh", "nodes", "logs", "artifacts.lock.json", "pulumi",
     "mirror", "registry", "kubernetes"}
)  # fmt: skip


@dataclass(frozen=True)
class NodeFolders:
    """Where the parts of one node lie."""

    folder: Path

    @property
    def seed(self) -> Path:
        """What makes this node itself: host name, address, keys. The overlay's middle layer."""
        return self.folder / "seed"

    @property
    def upper(self) -> Path:
        """Every change since the node was new."""
        return self.folder / "upper"

    @property
    def work(self) -> Path:
        """Overlayfs' own folder."""
        return self.folder / "work"

    @property
    def root(self) -> Path:
        """The merged root, mounted on the host too."""
        return self.folder / "root"

    @property
    def volumes(self) -> Path:
        """Folders of the real file system that are bound over parts of the node."""
        return self.folder / "volumes"

    @property
    def console(self) -> Path:
        """What systemd wrote on the node's console."""
        return self.folder / "console.log"


@dataclass(frozen=True)
class State:
    """The paths of one lab below its folder."""

    folder: Path

    @property
    def record(self) -> Path:
        """What this lab is, for later commands."""
        return self.folder / "lab.json"

    @property
    def ssh(self) -> Path:
        """The lab's keys and known hosts."""
        return self.folder / "ssh"

    @property
    def user_key(self) -> Path:
        """The private key that every node's ``edge`` user accepts."""
        return self.ssh / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The nodes' host keys, by address."""
        return self.ssh / "known_hosts"

    @property
    def artifacts_lock(self) -> Path:
        """The lock of the artifacts that the lab built and serves."""
        return self.folder / "artifacts.lock.json"

    @property
    def logs(self) -> Path:
        """One file a service."""
        return self.folder / "logs"

    @property
    def nodes(self) -> Path:
        """One folder a node."""
        return self.folder / "nodes"

    def node(self, name: str) -> NodeFolders:
        """The folders of one node."""
        return NodeFolders(self.nodes / name)

    def claim(self, settings: LabSettings) -> None:
        """Make the folder this lab's and write its settings down.

        Errors: ``StateFolderTakenError`` if it holds anything that a lab would not have put there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.refuse_strangers()
        written = {
            "name": settings.name,
            "subnet": str(settings.subnet),
            "nodes": settings.nodes,
        }
        fresh = self.record.with_name("lab.json.new")
        fresh.write_text(json.dumps(written, indent=2) + "\n")
        fresh.rename(self.record)

    def refuse_strangers(self) -> None:
        """Raise ``StateFolderTakenError`` if the folder holds what no lab made."""
        if self.record.exists():
            return
        strangers = sorted(
            entry.name for entry in self.folder.iterdir() if entry.name not in KNOWN_ENTRIES
        )
        if strangers:
            raise StateFolderTakenError(self.folder, strangers)

    def remove(self) -> None:
        """Remove the folder. Its record goes last: until then a cut-off removal can go on."""
        if not self.folder.is_dir():
            return
        for entry in self.folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != self.record:
                entry.unlink()
        self.record.unlink(missing_ok=True)
        self.folder.rmdir()

    def recorded(self) -> LabSettings | None:
        """The settings of the lab that runs from here, or None if there is none."""
        try:
            text = self.record.read_text()
        except FileNotFoundError:
            return None
        found = json.loads(text)
        return LabSettings(
            folder=self.folder,
            name=str(found["name"]),
            subnet=IPv4Network(str(found["subnet"])),
            nodes=int(found["nodes"]),
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold this lab for one command at a time; a second one waits.

        The lock lies in /run and not in the folder, because ``down`` removes the folder.
        """
        name = str(self.folder).strip("/").replace("/", "-")[-200:]
        path = Path("/run") / f"shimyard-lab-{name}.lock"
        while True:
            with path.open("w") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                # The holder before us may have unlinked this file while we waited for it.
                if not path.exists() or path.stat().st_ino != os.fstat(handle.fileno()).st_ino:
                    continue
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
                return
