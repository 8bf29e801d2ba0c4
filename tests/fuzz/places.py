"""Every place in a nested value: to put something else there, take it away, or double it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

Place = tuple[str | int, ...]


def places(value: Any, below: Place = ()) -> Iterator[Place]:
    """The places of all values in ``value``, outermost first."""
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield (*below, key)
        yield from places(item, (*below, key))


def at(value: Any, place: Place) -> Any:
    """What stands at ``place``."""
    for part in place:
        value = value[part]
    return value


def replaced(value: Any, place: Place, new: Any) -> Any:
    """A copy with ``new`` at ``place``."""
    changed = copy.deepcopy(value)
    at(changed, place[:-1])[place[-1]] = new
    return changed


def removed(value: Any, place: Place) -> Any:
    """A copy without ``place``."""
    changed = copy.deepcopy(value)
    del at(changed, place[:-1])[place[-1]]
    return changed


def renamed(value: Any, place: Place, name: Any) -> Any:
    """A copy in which what stands at ``place`` has another name; in a list, it stands twice."""
    changed = copy.deepcopy(value)
    parent = at(changed, place[:-1])
    if isinstance(parent, list):
        parent.append(copy.deepcopy(at(value, place)))
    else:
        parent[name] = parent.pop(place[-1])
    return changed
