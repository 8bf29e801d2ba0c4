"""The ways by which a machine may get its programs, and which of them a user allows."""

from __future__ import annotations

import os

from toolchain.errors import OriginError

ORIGINS = ("path", "download", "build")


def allowed_origins() -> tuple[str, ...]:
    """``$SHIMYARD_TOOLCHAIN`` if it is set, else all; raises OriginError."""
    value = os.environ.get("SHIMYARD_TOOLCHAIN", "").strip()
    if not value:
        return ORIGINS
    if value not in ORIGINS:
        raise OriginError(value, ORIGINS)
    return (value,)
