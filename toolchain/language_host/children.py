"""The processes that the host has started, and their end."""

from __future__ import annotations

import subprocess
import threading
from contextlib import suppress

GRACE_SECONDS = 2.0


class Children:
    """Programs and plugins under way; ends them when the host ends.

    ``grace`` is the seconds between SIGTERM and SIGKILL.
    """

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        self._grace = grace
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def add(self, process: subprocess.Popen[bytes]) -> None:
        """Take charge of ``process``; it is ended at once if the host is already ending."""
        with self._lock:
            self._running.add(process)
            closed = self._closed
        if closed:
            self.end(process)

    def discard(self, process: subprocess.Popen[bytes]) -> None:
        """Forget a process that has ended."""
        with self._lock:
            self._running.discard(process)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """SIGTERM, then SIGKILL after a grace time; returns when the process is gone."""
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(timeout=self._grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end_all(self) -> None:
        """End every process; later ones end as soon as they are added."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            with suppress(ProcessLookupError):
                process.terminate()
        for process in running:
            self.end(process)
