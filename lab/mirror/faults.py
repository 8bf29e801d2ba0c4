"""Faults that a test asks the mirror for, while it runs, through a file."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal
from uuid import uuid4

FaultKind = Literal["not-found", "server-error", "truncated", "slow", "hanging", "wrong-bytes"]


@dataclass(frozen=True)
class Fault:
    """One way to answer badly.

    ``not-found`` and ``server-error`` answer 404 and 500. ``truncated`` closes the connection
    after half of the body, ``hanging`` sends half and then nothing for as long as the client
    waits. ``slow`` sends ``bytes_per_second``. ``wrong-bytes`` sends as many bytes as promised,
    but others. ``path`` is a glob over the URL's path without its first slash. ``times`` is how
    many requests it spoils; None: all of them.
    """

    kind: FaultKind
    path: str = "*"
    times: int | None = None
    bytes_per_second: int = 65536
    ident: str = field(default_factory=lambda: uuid4().hex)


class FaultFile:
    """The faults that a mirror's file asks for; written by tests, read at every request."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spoiled: dict[str, int] = {}
        self._counting = threading.Lock()

    def write(self, faults: Sequence[Fault]) -> None:
        """Ask for ``faults`` from the next request on; the first that fits a path counts."""
        part = self._path.with_name(self._path.name + ".part")
        part.write_text(json.dumps([asdict(fault) for fault in faults]))
        part.replace(self._path)

    def take(self, path: str) -> Fault | None:
        """The fault that this request for ``path`` meets, counted as used."""
        for fault in self._read():
            if fnmatchcase(path, fault.path) and self._counts(fault):
                return fault
        return None

    def _read(self) -> list[Fault]:
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return []
        return [Fault(**each) for each in json.loads(text)]

    def _counts(self, fault: Fault) -> bool:
        with self._counting:
            used = self._spoiled.get(fault.ident, 0)
            if fault.times is not None and used >= fault.times:
                return False
            self._spoiled[fault.ident] = used + 1
            return True
