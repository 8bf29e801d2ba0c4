"""Between the values of Pulumi's protocol and plain Python ones.

pulumi.provider.experimental has a codec of its own; it can't write unknown values, which a
preview needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2

Properties = Mapping[str, Any]
"""Property name -> plain value, in which ``Secret`` and ``UNKNOWN`` may stand anywhere."""

SECRET_NAMES = frozenset({"passphrase", "password", "secretContent", "secretValue"})
"""Properties that are secrets also where nobody has marked them."""


# The protocol's own marks (sdk/go/common/resource/sig); the SDK has them beside half of itself,
# whose import would take longer than all that the provider does with them.
_UNKNOWN_MARK = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
_SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_OUTPUT_MARK = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


class _Unknown:
    """The value of an output that a preview can't know yet."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts and never shows."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The properties of a message, sorted by name; whole numbers become int.

    A message has no order of its own, and another one in each process: a file that is rendered in
    it would change without a reason.
    """
    return {key: _decoded(struct.fields[key]) for key in sorted(struct.fields)}


def encode(properties: Properties) -> struct_pb2.Struct:
    """The message of some properties. Raises TypeError for what Pulumi can't carry."""
    return struct_pb2.Struct(fields={key: _encoded(value) for key, value in properties.items()})


def revealed(value: Any) -> Any:
    """``value`` with what stands in its secrets."""
    if isinstance(value, Secret):
        return revealed(value.value)
    if isinstance(value, Mapping):
        return {key: revealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item) for item in value]
    return value


def secrets_in(value: Any, *, secret: bool = False) -> set[str]:
    """Every text in ``value`` that is a secret, by its mark or by the name of its property."""
    if isinstance(value, Secret):
        return secrets_in(value.value, secret=True)
    if isinstance(value, Mapping):
        return set().union(
            *(secrets_in(each, secret=secret or key in SECRET_NAMES) for key, each in value.items())
        )
    if isinstance(value, list):
        return set().union(*(secrets_in(each, secret=secret) for each in value))
    return {value} if secret and isinstance(value, str) else set()


def _decoded(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value == _UNKNOWN_MARK else value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decoded(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _decoded_struct(value.struct_value)
    return None


def _decoded_struct(struct: struct_pb2.Struct) -> Any:
    fields = decode(struct)
    signature = fields.pop(_SIGNATURE_KEY, None)
    if signature is None:
        return fields
    if signature == _SECRET_MARK:
        return Secret(fields.get("value"))
    if signature == _OUTPUT_MARK:
        known = fields.get("value", UNKNOWN)
        return Secret(known) if fields.get("secret") else known
    raise TypeError("assets, archives and references to resources are no inputs of Shimyard's")


def _encoded(value: Any) -> struct_pb2.Value:
    message = struct_pb2.Value()
    if value is None:
        message.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        message.string_value = _UNKNOWN_MARK
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, (int, float)):
        message.number_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, Secret):
        signed = {_SIGNATURE_KEY: _SECRET_MARK, "value": value.value}
        message.struct_value.CopyFrom(encode(signed))
    elif isinstance(value, Mapping):
        message.struct_value.CopyFrom(encode(value))
    elif isinstance(value, (list, tuple)):
        items = [_encoded(item) for item in value]
        message.list_value.CopyFrom(struct_pb2.ListValue(values=items))
    else:
        raise TypeError(f"Pulumi has no value for {type(value).__name__}")
    return message


def has_unknown(value: Any) -> bool:
    """Whether a plain value is, or has in it, an unknown one."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    if isinstance(value, Secret):
        return has_unknown(value.value)
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
