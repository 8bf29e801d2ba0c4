"""Properties of a resource, before and after."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shimyard.preview.events import SECRET, UNKNOWN
from shimyard.preview.model import ValueChange, VersionChange

_QUOTED = re.compile(r'\["([^"]*)"\]')


def versions(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[VersionChange, ...]:
    """Artifacts whose version changes, by the inputs of a machine's resource."""
    before, after = _artifacts(old), _artifacts(new)
    return tuple(
        VersionChange(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def differences(old: Any, new: Any, path: str = "") -> Iterator[ValueChange]:
    """Every leaf that differs."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            here = f"{path}.{key}" if path else str(key)
            yield from differences(old.get(key), new.get(key), here)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from differences(before, after, f"{path}[{index}]")
    elif old != new:
        yield ValueChange(path, _text(old), _text(new))


def secret_changes(
    changed: Iterable[str], told: Iterable[ValueChange], hidden: frozenset[str]
) -> Iterator[ValueChange]:
    """Properties that the engine names and that look the same: what changes there is secret.

    ``told``: changes that can be seen. ``hidden``: properties that are shown in another form.
    """
    known = [each.path for each in told]
    for path in dict.fromkeys(_QUOTED.sub(r".\1", each) for each in changed):
        root = re.split(r"[.\[]", path, maxsplit=1)[0]
        if root not in hidden and not any(_related(path, each) for each in known):
            yield ValueChange(path, SECRET, SECRET)


def _related(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _artifacts(inputs: Mapping[str, Any]) -> dict[str, str]:
    artifacts = inputs.get("artifacts")
    if not isinstance(artifacts, Mapping):
        return {}
    return {name: str(record.get("version")) for name, record in artifacts.items()}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if value == UNKNOWN:
        return "not known before `up`"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
