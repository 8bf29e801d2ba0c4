"""What can go wrong while the lab builds an artifact."""

from __future__ import annotations

from lab.errors import LabError


class BuildError(LabError):
    """A build that failed: ``what`` happened and the ``mend``."""

    def __init__(self, what: str, *, mend: str) -> None:
        super().__init__(f"{what}\nTo mend it: {mend}.")
        self.what = what
        self.mend = mend
