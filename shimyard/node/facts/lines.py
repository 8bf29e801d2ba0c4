"""The wire form of facts: tab-separated lines with a keyword in front."""

from __future__ import annotations

from collections.abc import Iterator


class Lines:
    """The output of the facts script, by keyword."""

    def __init__(self, text: str) -> None:
        self._rows = [tuple(line.split("\t")) for line in text.split("\n") if line]

    @property
    def complete(self) -> bool:
        """Whether the script has reached its end."""
        return bool(self._rows) and self._rows[-1] == ("end",)

    def of(self, keyword: str, width: int) -> Iterator[tuple[str, ...]]:
        """The fields behind ``keyword``, padded with "" to ``width`` where a line is shorter."""
        for row in self._rows:
            if row[0] == keyword:
                fields = row[1:]
                yield fields + ("",) * (width - len(fields))

    def one(self, keyword: str, default: str = "-") -> str:
        """The single field behind the first ``keyword``."""
        return next((fields[0] for fields in self.of(keyword, 1)), default)
