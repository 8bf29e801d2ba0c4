"""Between the values of Pulumi's protocol and plain Python ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue

Properties = Mapping[str, PropertyValue]


class _Unknown:
    """The value of an output that a preview can't know yet."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _Unknown()


def plain(value: PropertyValue) -> Any:
    """The value without its wrappers; whole numbers become int, unknown ones ``UNKNOWN``."""
    content = value.value
    if isinstance(content, Computed):
        return UNKNOWN
    if isinstance(content, float) and content.is_integer():
        return int(content)
    if isinstance(content, Mapping):
        return {key: plain(item) for key, item in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [plain(item) for item in content]
    return content


def plain_map(values: Properties) -> dict[str, Any]:
    """``plain`` of every property."""
    return {key: plain(value) for key, value in values.items()}


def wrap(value: Any, *, secret: bool = False) -> PropertyValue:
    """A value for the wire. Raises TypeError for what Pulumi can't carry."""
    if value is UNKNOWN:
        return PropertyValue.computed()
    if isinstance(value, Mapping):
        content: Any = {key: wrap(item) for key, item in value.items()}
    elif isinstance(value, (list, tuple)):
        content = [wrap(item) for item in value]
    elif isinstance(value, int) and not isinstance(value, bool):
        content = float(value)
    else:
        content = value
    return PropertyValue(content, is_secret=secret)


def has_unknown(value: Any) -> bool:
    """Whether a plain value is, or has in it, an unknown one."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(property path, "add" | "delete" | "update") for each leaf in which two values differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            here = _step(path, key)
            if key not in new:
                yield here, "delete"
            elif key not in old:
                yield here, "add"
            else:
                yield from differences(old[key], new[key], here)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            here = f"{path}[{index}]"
            if index >= len(new):
                yield here, "delete"
            elif index >= len(old):
                yield here, "add"
            else:
                yield from differences(old[index], new[index], here)
    elif old != new or new is UNKNOWN:
        yield path, "update"


def _step(path: str, key: str) -> str:
    if key.replace("_", "a").isalnum():
        return f"{path}.{key}" if path else key
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'
