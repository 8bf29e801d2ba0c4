"""What all settings models share: strictness, camelCase names and the common field types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class FieldError(ValueError):
    """A broken rule between fields, reported at the field below the model that mends it.

    Attributes: ``field`` (path from the checked model: 'shims[1].handler'), ``sentence``.
    """

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field
        self.sentence = sentence


def matching(pattern: str, mend: str) -> Callable[[str], str]:
    """A check that the whole text matches ``pattern``; ``mend`` says what to write instead.

    pydantic's own pattern check answers with the expression, which is no advice to a person.
    """
    # ASCII: other scripts have digits too, which no program on a node takes for a number.
    compiled = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(mend)
        return value

    return check


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


def _local(value: str) -> str:
    if value.startswith("~") and value.partition("/")[0] != "~":
        raise ValueError("starts with the home of another account; write '~/' or the whole path")
    return value


Line = Annotated[str, Field(min_length=1), AfterValidator(_no_control_characters)]
"""Text of one line, at least one character, no control characters."""

LocalPath = Annotated[Line, AfterValidator(_local)]
"""A path on the controller: absolute, relative to the project, or in one's home with '~/'."""

AbsolutePath = Annotated[
    str, Field(max_length=4096, json_schema_extra={"pattern": "^/"}), AfterValidator(_absolute)
]
"""A normalised absolute path on a node."""

DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""A DNS label, as a part of other patterns."""
_VERSION = r"\d{1,9}\.\d{1,9}\.\d{1,9}([-+][0-9A-Za-z.+-]{1,64})?"
_MODE = r"0[0-7]{3}"

DnsLabel = Annotated[
    str,
    AfterValidator(
        matching(
            DNS_LABEL,
            "is not a DNS label; use lower case letters, digits and '-' inside, at most 63",
        )
    ),
    Field(json_schema_extra={"pattern": f"^{DNS_LABEL}$"}),
]
"""A DNS label (RFC 1123): lower case letters, digits and '-', at most 63 characters."""

Version = Annotated[
    str,
    AfterValidator(
        matching(_VERSION, "is not a version; write three numbers without a 'v', like '2.1.4'")
    ),
    Field(json_schema_extra={"pattern": f"^{_VERSION}$"}),
]
"""A version without a leading 'v': '2.1.4', '1.0.1-lab.1', '1.32.3+k3s1'."""

OctalMode = Annotated[
    str,
    AfterValidator(
        matching(
            _MODE,
            "is not a file mode; write four octal digits in quotes, like '0644' "
            "(setuid, setgid and sticky bits are refused)",
        )
    ),
    Field(json_schema_extra={"pattern": f"^{_MODE}$"}),
]
"""A file mode of four octal digits, quoted in YAML: '0644'. Setuid and sticky bits are refused."""


Sha256 = Annotated[
    str,
    AfterValidator(
        matching(r"[0-9a-f]{64}", "is no SHA-256 digest; write 64 lower case hexadecimal digits")
    ),
]
"""A SHA-256 digest: 64 lower case hexadecimal digits."""


def each_once(field: str, names: Iterable[str], mend: str = "keep one entry") -> None:
    """Raise ``FieldError`` for the first of ``names`` that stands twice.

    ``field``: of one entry, with '{}' for its index: 'images[{}].name'.
    """
    known: set[str] = set()
    for index, name in enumerate(names):
        if name in known:
            raise FieldError(field.format(index), f"'{name}' stands twice; {mend}")
        known.add(name)
