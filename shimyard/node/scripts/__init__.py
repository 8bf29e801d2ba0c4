"""The node's programs in POSIX sh: they need sh, coreutils, tar and systemd, nothing else."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

FACTS = (_FOLDER / "facts.sh").read_text()
STAGE = (_FOLDER / "stage.sh").read_text()
TRANSACTION = (_FOLDER / "transaction.sh").read_text()
