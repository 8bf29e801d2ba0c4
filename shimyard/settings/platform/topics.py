"""Names of MQTT topics.

Source: MQTT 3.1.1, section 4.7. Narrower than it: a level is of characters that mean nothing in a
shell, in the broker's files or in a URL.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from shimyard.settings.base import matching

_LEVEL = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

TopicLevel = Annotated[
    str,
    AfterValidator(
        matching(
            _LEVEL,
            "is not a level of a topic; use letters, digits, '.', '_' and '-', a letter or digit "
            "first, at most 64",
        )
    ),
]
"""One level of a topic."""

TopicName = Annotated[
    str,
    AfterValidator(
        matching(
            rf"{_LEVEL}(/{_LEVEL}){{0,7}}",
            "is not a topic; write levels with '/' between them, without '+' and '#', like "
            "'plant/sensors'",
        )
    ),
]
"""One to eight levels: 'plant/sensors'."""

TopicFilter = Annotated[
    str,
    AfterValidator(
        matching(
            rf"(#|({_LEVEL}|\+)(/({_LEVEL}|\+)){{0,15}}(/#)?)",
            "is not a topic filter; write levels with '/' between them, '+' for any one and '#' "
            "at the end for all below, like 'sensors/+/temperature' or 'sensors/#'",
        )
    ),
]
"""A topic, in which '+' stands for a level and a last '#' for any number of them."""


def overlaps(one: str, other: str) -> bool:
    """Whether one of two topics is the other, or lies below it."""
    shorter, longer = sorted((one.split("/"), other.split("/")), key=len)
    return longer[: len(shorter)] == shorter
