"""What a mirror has on disk: the files it serves, its access log, the faults asked of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.mirror.faults import Fault, FaultFile


@dataclass(frozen=True)
class Access:
    """One answered request; ``sent`` counts the body's bytes that left, ``range`` as asked."""

    method: str
    path: str
    status: int
    sent: int
    range: str | None
    client: str


class MirrorFolder:
    """The folder of one mirror, shared by the process that serves it and by tests.

    Errors: none of its own; a missing log reads as empty.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.faults = FaultFile(folder / "faults.json")
        self._log = folder / "access.jsonl"
        self._writing = threading.Lock()
        self.files.mkdir(parents=True, exist_ok=True)

    def ask_for(self, faults: Sequence[Fault]) -> None:
        """Have the mirror show ``faults``; an empty list heals it."""
        self.faults.write(faults)

    def record(self, access: Access) -> None:
        """Add one line to the access log."""
        line = json.dumps(asdict(access)) + "\n"
        with self._writing, self._log.open("a") as log:
            log.write(line)

    def accesses(self) -> list[Access]:
        """Every request answered since the log began, in the order in which answers ended."""
        try:
            lines = self._log.read_text().splitlines()
        except FileNotFoundError:
            return []
        return [Access(**json.loads(line)) for line in lines]

    def sent_bytes(self) -> int:
        """How many bytes of bodies have left so far."""
        return sum(access.sent for access in self.accesses())

    def forget_accesses(self) -> None:
        """Begin the access log anew."""
        self._log.unlink(missing_ok=True)
