"""Where Shimyard keeps its own things on a machine."""

from __future__ import annotations

ROOT = "/var/lib/shimyard"
STORE = f"{ROOT}/store"
BIN = "/usr/local/bin"


def stored(sha256: str, name: str) -> str:
    """The path of file ``name`` out of the artifact with this digest."""
    return f"{STORE}/{sha256}/{name}"
