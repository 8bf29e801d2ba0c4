"""The properties of a resource as the engine sends them to a policy: secrets and unknowns stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The protocol's own marks (sdk/go/common/resource/sig and plugin/rpc.go).
_SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
_SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_OUTPUT_MARK = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_MARKS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


class _Unknown:
    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _Unknown()
"""A value that a preview can't know yet."""


@dataclass(frozen=True)
class Secret:
    """A value that Pulumi keeps encrypted."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


def decoded(value: Any) -> Any:
    """Plain values out of the protocol's, with ``Secret`` and ``UNKNOWN`` among them.

    Assets, archives and references to resources become None: no rule looks into them.
    """
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWN_MARKS else value
    if isinstance(value, list):
        return [decoded(item) for item in value]
    return _decoded_struct(value) if isinstance(value, dict) else value


def _decoded_struct(value: dict[str, Any]) -> Any:
    signature = value.get(_SIGNATURE_KEY)
    if signature is None:
        return {key: decoded(item) for key, item in value.items()}
    if signature == _SECRET_MARK:
        return Secret(decoded(value.get("value")))
    if signature == _OUTPUT_MARK:
        known = decoded(value["value"]) if "value" in value else UNKNOWN
        return Secret(known) if value.get("secret") else known
    return None


def revealed(value: Any) -> Any:
    """``value`` itself, or what stands in it if it is a secret."""
    return value.value if isinstance(value, Secret) else value


def mapping(value: Any) -> Mapping[str, Any]:
    """``value`` if it is a mapping, else an empty one: unknown and wrong values have no parts."""
    found = revealed(value)
    return found if isinstance(found, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """``value`` if it is a list, else an empty one."""
    found = revealed(value)
    return found if isinstance(found, list) else []


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(property path, text) of every text in ``value`` that is no secret."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}[{index}]")
