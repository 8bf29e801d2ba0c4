"""An operator's own fields over rendered ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``override`` over it; neither is changed.

    Tables merge field by field; lists whose entries all have a ``name`` of their own merge by it,
    and new names come last; null takes a field away; anything else replaces.
    """
    result = dict(base)
    for key, value in override.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged_value(result.get(key), value)
    return result


def _merged_value(base: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        # Also over nothing: a null inside means 'take away', never a null for Kubernetes.
        return merged(base if isinstance(base, Mapping) else {}, value)
    if isinstance(value, list) and isinstance(base, list) and _named(base) and _named(value):
        own = {item["name"]: item for item in value}
        kept = [merged(item, own.pop(item["name"], {})) for item in base]
        return kept + [_merged_value(None, item) for item in own.values()]
    if isinstance(value, list):
        return [_merged_value(None, item) for item in value]
    return value


def _named(items: list[Any]) -> bool:
    # Of mounts, several may have one name: each is a place of the same volume.
    names = [item.get("name") for item in items if isinstance(item, Mapping)]
    return len(names) == len(items) == len(set(map(str, names))) and None not in names
