"""Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from lab.errors import NotReadyError

# Of the time that it has taken so far: so much later than it could we see that it is over.
_SHARE = 0.05


def wait_for(
    what: str,
    condition: Callable[[], str | None],
    *,
    seconds: float,
    interval: float = 0.03,
    log: Path | None = None,
) -> float:
    """Wait until ``condition`` returns None; return how many seconds that took.

    ``condition`` returns what is still missing, as text, and that text is what the error shows. It
    is asked every ``interval`` seconds, and more rarely the longer it takes: a server that is busy
    with getting ready should not be busy with answering.
    Errors: ``NotReadyError`` after ``seconds``; ``log`` is the file that it points at.
    """
    started = time.monotonic()
    while True:
        missing = condition()
        elapsed = time.monotonic() - started
        if missing is None:
            return elapsed
        if elapsed > seconds:
            raise NotReadyError(what, seconds, missing, log)
        time.sleep(max(interval, elapsed * _SHARE))
