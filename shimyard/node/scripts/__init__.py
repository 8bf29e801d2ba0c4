"""The node's programs in POSIX sh: they need sh, coreutils, tar and systemd, nothing else."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent
_PARTS = ("journal", "paths", "services", "containers", "restore", "keeping", "main")

FACTS = (_FOLDER / "facts.sh").read_text()
STAGE = (_FOLDER / "stage.sh").read_text()
# One program on the node: it must be complete at boot, whatever else has changed since.
TRANSACTION = "".join((_FOLDER / "transaction" / f"{part}.sh").read_text() for part in _PARTS)
