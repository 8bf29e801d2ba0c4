"""The report: a table and sentences for a person, JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shimyard.doctor.examination import Examination, Silence
from shimyard.doctor.findings import Finding, findings
from shimyard.doctor.links import LINKS, Link, State
from shimyard.doctor.truth import Row, truth
from shimyard.handlers import aligned

VERSION: Final = 1
"""Of the JSON: a field that goes or changes its meaning raises it, a new field does not."""

HEALTHY, BROKEN, UNREACHABLE = 0, 1, 2

_HEAD = ("NODE", "HANDLER", "SHIM", "CONFIG", "CRI", "CLASS", "LABEL", "CANARY")
_CELLS: dict[State, str] = {"ok": "ok", "broken": "BROKEN", "unknown": "?", "not applicable": "-"}


@dataclass(frozen=True)
class Report:
    """What the doctor says of a stack. ``silent``: somebody could not be asked."""

    stack: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    silent: bool

    @classmethod
    def of(cls, examination: Examination) -> Report:
        """The truth table and the findings of an examination."""
        asked = (*examination.machines.values(), examination.cluster)
        silent = any(isinstance(each, Silence) for each in asked)
        return cls(examination.stack, truth(examination), findings(examination), silent)

    @property
    def code(self) -> int:
        """The exit code: 2 if somebody could not be asked, 1 if something is broken, else 0."""
        if self.silent:
            return UNREACHABLE
        broken = any(row.broken for row in self.rows)
        return BROKEN if broken or any(f.severity == "broken" for f in self.findings) else HEALTHY

    def text(self) -> str:
        """The table, then a sentence with its mend for each thing that is wrong."""
        table = aligned([_HEAD, *(_cells(row) for row in self.rows)])
        parts = [table, *self._sentences()]
        if len(parts) == 1:
            parts.append("Nothing is wrong.")
        return "\n\n".join(parts)

    def json(self) -> str:
        """docs/how-to/doctor.md has its fields."""
        return json.dumps(
            {
                "version": VERSION,
                "stack": self.stack,
                "state": ("healthy", "broken", "unreachable")[self.code],
                "handlers": [_row(row) for row in self.rows],
                "findings": [
                    {
                        "kind": each.kind,
                        "severity": each.severity,
                        "node": each.node or None,
                        "sentence": each.sentence,
                        "mend": each.mend,
                    }
                    for each in self.findings
                ],
            },
            indent=2,
        )

    def _sentences(self) -> Iterator[str]:
        for (where, link), handlers in _together(self.rows):
            names = ", ".join(handlers)
            yield f"{where}, {names}: {LINKS[link.name]}: {link.reason}\n  mend: {link.mend}"
        for each in self.findings:
            mark = "warning: " if each.severity == "warning" else ""
            yield f"{each.node or 'cluster'}: {mark}{each.sentence}\n  mend: {each.mend}"


def _together(rows: Sequence[Row]) -> Iterator[tuple[tuple[str, Link], list[str]]]:
    """Handlers of a node that are broken in the same way, such as by a dead containerd, once."""
    found: dict[tuple[str, Link], list[str]] = {}
    for row in rows:
        if row.broken is not None:
            found.setdefault((row.node, row.broken), []).append(row.handler)
    yield from found.items()


def _cells(row: Row) -> tuple[str, ...]:
    return (row.node, row.handler, *(_CELLS[link.state] for link in row.links))


def _row(row: Row) -> dict[str, Any]:
    return {
        "node": row.node,
        "handler": row.handler,
        "broken": None if row.broken is None else row.broken.name,
        "mend": None if row.broken is None else row.broken.mend,
        "links": [
            {
                "link": link.name,
                "state": link.state,
                "reason": link.reason,
                "mend": link.mend or None,
            }
            for link in row.links
        ],
    }
