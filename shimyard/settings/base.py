"""What all settings models share: strictness, camelCase names and the common field types."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Model(BaseModel):
    """A frozen model that refuses unknown fields; camelCase in YAML, snake_case in Python."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        # A refused value may be a secret: an error names the field, never what stood in it.
        hide_input_in_errors=True,
        str_strip_whitespace=False,
    )


def _no_control_characters(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("has a control character (tab, newline, ...); remove it")
    return value


def _absolute(value: str) -> str:
    _no_control_characters(value)
    if not value.startswith("/"):
        raise ValueError("is not an absolute path; start it with '/'")
    parts = value.split("/")[1:]
    if any(part in {"", ".", ".."} for part in parts):
        raise ValueError("has an empty, '.' or '..' part; write the plain path without a final '/'")
    return value


Line = Annotated[str, AfterValidator(_no_control_characters), Field(min_length=1)]
"""Text of one line, at least one character, no control characters."""

AbsolutePath = Annotated[str, AfterValidator(_absolute)]
"""A normalised absolute path on a node."""

DnsLabel = Annotated[
    str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=63)
]
"""A DNS label (RFC 1123): lower case letters, digits and '-', at most 63 characters."""

Version = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$")]
"""A version without a leading 'v': '2.1.4', '1.0.1-lab.1'."""

OctalMode = Annotated[str, Field(pattern=r"^0[0-7]{3}$")]
"""A file mode of four octal digits, quoted in YAML: '0644'. Setuid and sticky bits are refused."""
