"""The order of versions, for lists that a person reads."""

from __future__ import annotations

import re

_PARTS = re.compile(r"\d+|[A-Za-z]+")


def version_order(version: str) -> tuple[object, ...]:
    """A sort key: numbers by value, a pre-release before its release (semver 2.0 section 11)."""
    release, _, build = version.partition("+")
    numbers, _, pre = release.partition("-")
    return (
        tuple(int(number) for number in numbers.split(".")),
        (0, *_parts(pre)) if pre else (1,),
        _parts(build),
    )


def _parts(text: str) -> tuple[tuple[int, int, str], ...]:
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in _PARTS.findall(text)
    )
