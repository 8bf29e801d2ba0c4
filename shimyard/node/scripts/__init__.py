"""The node's program in POSIX sh: it needs sh, coreutils, tar and systemd, nothing else.

One program for all verbs: it must be complete at boot, whatever else has changed since, and an
administrator can allow exactly this one file in sudoers.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_FOLDER = Path(__file__).parent
_PARTS = (
    "head",
    "guests",
    "facts",
    "staging",
    "journal",
    "paths",
    "services",
    "containers",
    "orphans",
    "kubelet",
    "token",
    "cluster",
    "doctor",
    "survey",
    "restore",
    "keeping",
    "transaction",
    "main",
)


def _joined(*parts: str) -> str:
    return "".join((_FOLDER / f"{part}.sh").read_text() for part in parts)


PROGRAM = _joined(*_PARTS)
# As much of the digest as tells programs apart, and as a person can compare.
VERSION = hashlib.sha256(PROGRAM.encode()).hexdigest()[:16]
# For a machine that has no program yet, or another one: nothing is put there only to look.
FACTS = _joined("head", "guests", "facts") + "facts\n"
DOCTOR = _joined("head", "guests", "facts", "doctor") + "doctor\n"
SURVEY = _joined("head", "cluster", "survey") + "survey\n"
