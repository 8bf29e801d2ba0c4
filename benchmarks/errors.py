"""What can go wrong with a measurement, with the facts and the mend."""

from __future__ import annotations


class BenchmarkError(Exception):
    """Root of every error that the benchmarks raise on purpose.

    ``what``: the sentence. ``mend``: what to do. ``log``: the last lines that show it.
    """

    def __init__(self, what: str, *, mend: str, log: str = "") -> None:
        self.what = what
        self.mend = mend
        self.log = log
        tail = "\n".join(log.strip().splitlines()[-25:])
        super().__init__(f"{what}: {mend}" + (f"\n{tail}" if tail else ""))
