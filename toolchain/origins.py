"""The ways by which a machine may get a program, in their order, and which a user allows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TypeVar

from toolchain.errors import NothingWorkedError, NotOnPathError, OriginError, ToolchainError
from toolchain.progress import Progress

ORIGINS = ("path", "download", "build")

_Product = TypeVar("_Product")
Maker = Callable[[bool], _Product | None]
"""Makes a product, or with False only looks whether an earlier run has."""


def choose(
    product: str,
    present: Callable[[], _Product],
    makers: Mapping[str, Maker[_Product]],
    progress: Progress,
) -> _Product:
    """What the machine has, else what was made before, else what the first of ``makers`` makes.

    ``makers``: by origin, 'download' and 'build'. ``$SHIMYARD_TOOLCHAIN`` allows one origin only.
    Raises OriginError, the error of the only allowed origin, or NothingWorkedError, which calls
    what was wanted ``product``.
    """
    allowed = allowed_origins()
    if "path" in allowed:
        try:
            return present()
        except ToolchainError as error:
            if allowed == ("path",):
                raise
            if isinstance(error, NotOnPathError) and error.found is not None:
                progress.line(f"not using {error.found}: {error.reason}")
    usable = {origin: make for origin, make in makers.items() if origin in allowed}
    # A machine that built once must not wait for a dead mirror again.
    for make in usable.values():
        found = make(False)
        if found is not None:
            return found
    reasons: dict[str, ToolchainError] = {}
    for origin, make in usable.items():
        try:
            found = make(True)
        except ToolchainError as error:
            if len(allowed) == 1:
                raise
            progress.line(str(error))
            reasons[origin] = error
        else:
            if found is not None:
                return found
    raise NothingWorkedError(reasons, product)


def allowed_origins() -> tuple[str, ...]:
    """``$SHIMYARD_TOOLCHAIN`` if it is set, else all; raises OriginError."""
    value = os.environ.get("SHIMYARD_TOOLCHAIN", "").strip()
    if not value:
        return ORIGINS
    if value not in ORIGINS:
        raise OriginError(value, ORIGINS)
    return (value,)
