"""Pulumi's version numbers, as far as a choice between installations needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PATTERN = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True, order=True)
class Version:
    """A semantic version; a pre-release sorts before its release, build metadata is ignored."""

    major: int
    minor: int
    patch: int
    released: bool = True

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read ``v3.246.0``, ``3.246.0`` or ``3.247.0-alpha.1``; raises ValueError otherwise."""
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text.strip()!r} is not a version number")
        major, minor, patch, prerelease, _ = match.groups()
        return cls(int(major), int(minor), int(patch), released=prerelease is None)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" + ("" if self.released else "-pre")
