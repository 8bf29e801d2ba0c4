"""The table: artifact -> what is in it -> advisories."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from policies.advisories.versions import Range

TABLE = Path(__file__).with_name("table.json")

Severity = Literal["critical", "high", "medium", "low", "unrated"]
SERIOUS: frozenset[Severity] = frozenset({"critical", "high"})


@dataclass(frozen=True)
class Advisory:
    """One advisory. ``part``: the package it is about; ``only``: what a build must be to have it.

    ``only`` maps 'arch' ('amd64', 'arm64') or a property of ``Contents.build`` to the value that
    it is about.
    """

    id: str
    aliases: tuple[str, ...]
    part: str
    date: date
    severity: Severity
    title: str
    affected: tuple[Range, ...]
    only: Mapping[str, str]
    source: str

    @property
    def fixed(self) -> tuple[str, ...]:
        """The first version without it, of each line that has one."""
        return tuple(each.fixed for each in self.affected)

    def names(self) -> frozenset[str]:
        """Every name that it goes by."""
        return frozenset({self.id, *self.aliases})


@dataclass(frozen=True)
class Contents:
    """What is in an artifact. ``parts``: package -> version; ``build``: how it was made."""

    parts: Mapping[str, str]
    build: Mapping[str, str]
    source: str


@dataclass(frozen=True)
class Engine:
    """An artifact that is an engine itself, whose ``parts`` all have its version."""

    parts: tuple[str, ...]
    build: Mapping[str, str]
    source: str


@dataclass(frozen=True)
class Table:
    """``checked``: when somebody last looked for new advisories."""

    checked: date
    shims: Mapping[tuple[str, str], Contents]
    engines: Mapping[str, Engine]
    advisories: Sequence[Advisory]

    def contents(self, artifact: str, version: str) -> Contents | None:
        """What is in an artifact; None if the table does not know this version of it."""
        if artifact in self.engines:
            engine = self.engines[artifact]
            return Contents(dict.fromkeys(engine.parts, version), engine.build, engine.source)
        return self.shims.get((artifact, version))

    def concerning(self, contents: Contents, arch: str) -> list[Advisory]:
        """The advisories that ``contents`` on this architecture have, the most serious first."""
        facts = {**contents.build, "arch": arch}
        found = [
            advisory
            for advisory in self.advisories
            if advisory.part in contents.parts
            and any(each.holds(contents.parts[advisory.part]) for each in advisory.affected)
            # What a build doesn't say of itself may be so.
            and all(facts.get(key, value) == value for key, value in advisory.only.items())
        ]
        order = get_args(Severity)
        return sorted(found, key=lambda advisory: (order.index(advisory.severity), advisory.id))


@cache
def load_table(path: Path = TABLE) -> Table:
    """Read the table. Raises ValueError, KeyError for one that is not well formed."""
    document = json.loads(path.read_text())
    return Table(
        checked=date.fromisoformat(document["checked"]),
        shims={
            (entry["artifact"], entry["version"]): Contents(
                entry["parts"], entry["build"], entry["source"]
            )
            for entry in document["shims"]
        },
        engines={
            entry["artifact"]: Engine(tuple(entry["parts"]), entry["build"], entry["source"])
            for entry in document["engines"]
        },
        advisories=[_advisory(entry) for entry in document["advisories"]],
    )


def _advisory(entry: Mapping[str, Any]) -> Advisory:
    if entry["severity"] not in get_args(Severity):
        raise ValueError(f"{entry['id']}: {entry['severity']!r} is no severity")
    return Advisory(
        id=entry["id"],
        aliases=tuple(entry["aliases"]),
        part=entry["part"],
        date=date.fromisoformat(entry["date"]),
        severity=entry["severity"],
        title=entry["title"],
        affected=tuple(Range.parse(text) for text in entry["affected"]),
        only=entry.get("only", {}),
        source=entry["source"],
    )
