"""A hunt for secrets: in files, in what programs print, and, all the while, in processes."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.nodes.node import Node

# What a node may have written to, and what it keeps in memory: that is not in its root as this
# machine sees it.
WRITTEN = ("etc", "home", "opt", "root", "srv", "usr/local", "var")
IN_MEMORY = ("run", "tmp", "dev/shm")
_PAUSE = 0.05
_LARGEST = 64 * 1024 * 1024


class Hunt:
    """Looks for ``secrets``; what it finds are (where, secret) pairs in ``found``.

    While it is open, it looks again and again at every process of this machine, the nodes'
    included, and at the files below ``folders``: at those that are gone a moment later, too.
    """

    def __init__(self, secrets: Sequence[str], folders: Sequence[Path]) -> None:
        self.found: set[tuple[str, str]] = set()
        self.rounds = 0
        self._secrets = {secret.encode(): secret for secret in secrets}
        self._folders = folders
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def learn(self, *secrets: str) -> None:
        """Look for these from now on as well."""
        # Another mapping: the thread goes through the one that it has begun with.
        self._secrets = {**self._secrets, **{secret.encode(): secret for secret in secrets}}

    def look(self, where: str, content: bytes) -> None:
        """Note each secret in ``content``."""
        self.found |= {(where, name) for secret, name in self._secrets.items() if secret in content}

    def look_below(self, folder: Path, called: str | None = None) -> None:
        """Note the files below ``folder`` that hold a secret, by the name that it is ``called``.

        A file that only its owner, root, can read says so in front of its path: "0600 ...".
        """
        for path in files_below(folder):
            try:
                status = path.lstat()
                content = path.read_bytes() if status.st_size < _LARGEST else b""
            except OSError:
                continue  # gone meanwhile
            private = status.st_uid == 0 and stat.S_IMODE(status.st_mode) == 0o600
            shown = f"{called}/{path.relative_to(folder)}" if called is not None else str(path)
            self.look(f"0600 {shown}" if private else shown, content)

    def look_at(self, node: Node) -> None:
        """Note what a node holds: its files, those in memory included, and its journal."""
        self.look("the journal", node.journal().encode())
        for name in WRITTEN:
            self.look_below(node.root / name, f"/{name}")
        for name in IN_MEMORY:
            self.look_below(inside(node, name), f"/{name}")

    def _watch(self) -> None:
        while not self._end.wait(_PAUSE):
            self.rounds += 1
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    command = (process / "cmdline").read_bytes()
                    variables = (process / "environ").read_bytes()
                except OSError:
                    continue  # gone meanwhile
                words = command.replace(b"\0", b" ").decode(errors="replace")
                self.look(f"the command line {words}", command)
                self.look(f"the environment of {words}", variables)
            for folder in self._folders:
                self.look_below(folder)


def inside(node: Node, name: str) -> Path:
    """A folder of a running node as its own processes see it."""
    return Path(f"/proc/{node.leader}/root", name)


def files_below(folder: Path) -> Iterator[Path]:
    """Regular files, without following links, and without the kernel's own mounts."""
    for parent, below, names in os.walk(folder):
        below[:] = [each for each in below if not os.path.ismount(Path(parent, each))]
        for name in names:
            path = Path(parent, name)
            try:
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path
            except OSError:
                continue  # gone meanwhile
