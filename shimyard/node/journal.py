"""The journal of a transaction, as the node's program writes it: a pure parser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "failed", "cut-off", "refused", "unknown"]


@dataclass(frozen=True)
class Journal:
    """What a transaction has done.

    ``steps``: (phase, operation, subject) in order. ``failed``: (phase, operation, subject,
    reason) of the step that failed. ``log``: quoted lines of services and canaries.
    ``canaries``: handler -> milliseconds. ``outcome`` and ``generation`` of its result.
    ``restored``: nothing of a transaction that was not committed is left.
    """

    steps: tuple[tuple[str, ...], ...] = ()
    failed: tuple[str, str, str, str] | None = None
    log: tuple[str, ...] = ()
    canaries: tuple[tuple[str, int], ...] = ()
    outcome: Outcome = "unknown"
    generation: int | None = None
    restored: bool = False
    refusal: str = ""

    @classmethod
    def parse(cls, text: str) -> Journal:
        """From the journal's text; a last line that was cut off is left out."""
        rows = [line.split("\t") for line in text.split("\n")[:-1]]
        failed = next((row[1:5] for row in rows if row[0] == "failed" and len(row) >= 5), None)
        refused = [row[1] for row in rows if row[0] == "refused" and len(row) > 1]
        outcome, generation = _result(rows, refused=bool(refused))
        return cls(
            steps=tuple(tuple(row[2:]) for row in rows if row[0] == "step" and len(row) > 2),
            failed=None if failed is None else (failed[0], failed[1], failed[2], failed[3]),
            log=tuple(": ".join(row[1:]) for row in rows if row[0] == "log"),
            canaries=tuple(
                (row[1], int(row[3]))
                for row in rows
                if row[0] == "canary" and len(row) > 3 and _is_number(row[3])
            ),
            outcome=outcome,
            generation=generation,
            restored=_restored(rows),
            refusal=" ".join(refused),
        )

    @property
    def last_step(self) -> tuple[str, ...]:
        """The step that began last before anything was taken back; empty if none did."""
        forward = [step for step in self.steps if step[0] != "restore"]
        return forward[-1] if forward else ()


def _restored(rows: Sequence[Sequence[str]]) -> bool:
    words = {row[0] for row in rows}
    # Before its first step a transaction has changed nothing.
    return "step" not in words or ("restored" in words and "unrestored" not in words)


def _result(rows: Sequence[Sequence[str]], *, refused: bool) -> tuple[Outcome, int | None]:
    outcomes: dict[str, Outcome] = {"ok": "ok", "failed": "failed", "cut-off": "cut-off"}
    for row in rows:
        if row[0] == "result" and len(row) > 2 and _is_number(row[2]):
            return outcomes.get(row[1], "unknown"), int(row[2])
    return ("refused" if refused else "unknown"), None


def _is_number(text: str) -> bool:
    # What other scripts have for digits, and thousands of them, is no number for int().
    return text.isascii() and text.isdecimal() and len(text) < 19
