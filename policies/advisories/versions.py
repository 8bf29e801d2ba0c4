"""Which versions an advisory is about."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shimyard.catalogue.versions import version_order

_BOUND = re.compile(r"(>=|<)(\d[0-9A-Za-z.+-]*)")


@dataclass(frozen=True)
class Range:
    """Versions from ``first`` on (None: from the beginning), before ``fixed``."""

    first: str | None
    fixed: str

    @classmethod
    def parse(cls, text: str) -> Range:
        """'>=25.0.0 <36.0.7', or '<36.0.7'. Raises ValueError."""
        bounds = dict(_bound(word) for word in text.split())
        if "<" not in bounds:
            raise ValueError(f"{text!r} has no end; write it as '>=1.0.0 <2.0.0'")
        return cls(bounds.get(">="), bounds["<"])

    def holds(self, version: str) -> bool:
        """Whether ``version`` is one of them."""
        order = version_order(version)
        after = self.first is None or order >= version_order(self.first)
        return after and order < version_order(self.fixed)


def _bound(word: str) -> tuple[str, str]:
    found = _BOUND.fullmatch(word)
    if found is None:
        raise ValueError(f"{word!r} is no bound of versions")
    return found[1], found[2]
