"""Progress that a person can follow: what is being done and for how long."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Progress:
    """Writes one line when a step starts, one every ``heartbeat`` seconds, one when it ends."""

    def __init__(self, stream: TextIO | None = None, heartbeat: float = 20.0) -> None:
        self._stream = stream
        self._heartbeat = heartbeat

    def line(self, text: str) -> None:
        """Write one line at once, also when the output is a pipe."""
        print(text, file=self._stream or sys.stderr, flush=True)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Report ``what`` from its start to its end, with elapsed seconds."""
        started = time.monotonic()
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self._heartbeat):
                self.line(f"  {what}: {time.monotonic() - started:.0f} s so far")

        self.line(f"{what} ...")
        ticker = threading.Thread(target=beat, daemon=True)
        ticker.start()
        try:
            yield
        except BaseException:
            self.line(f"{what}: failed after {time.monotonic() - started:.1f} s")
            raise
        finally:
            done.set()
            ticker.join()
        self.line(f"{what}: done in {time.monotonic() - started:.1f} s")
