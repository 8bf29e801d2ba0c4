"""Tables of another program's own fields: what in them would not arrive as it was written."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pydantic import JsonValue

from shimyard.errors import shown

_MAX_DEPTH = 32
_EXACT = 2**53
"""Pulumi carries every number as a double; above this, it comes out as another one."""


def misfits(
    value: JsonValue, *, path: str = "", depth: int = 1, null: str | None = None
) -> Iterator[tuple[str, str]]:
    """(path, problem with its mend) of each value below ``value`` that can't be carried over.

    ``null``: what is wrong about a null where the target has none; default: nothing.
    """
    if depth > _MAX_DEPTH:
        yield path, f"is nested more than {_MAX_DEPTH} levels deep; write it flatter"
    elif isinstance(value, dict):
        for key, item in value.items():
            name = shown(key)
            below = f"{path}.{name}" if path else name
            yield from misfits(item, path=below, depth=depth + 1, null=null)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from misfits(item, path=f"{path}[{index}]", depth=depth + 1, null=null)
    elif value is None and null is not None:
        yield path, f"{null}; remove it or write a value"
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, "should be a finite number"
    elif isinstance(value, (int, float)) and abs(value) > _EXACT:
        yield path, f"is beyond {_EXACT}, where numbers are no longer exact; write it as text"
