"""Prints the stack output `nodes` as a table: node x handler x shim version x canary.

Usage: pulumi stack output --json nodes | python -m shimyard.handlers
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_HEAD = ("NODE", "GENERATION", "HANDLER", "SHIM", "VERSION", "CANARY")


def table(nodes: Mapping[str, Mapping[str, Any]]) -> str:
    """One line for each handler of each node, columns aligned."""
    rows = [_HEAD]
    for node, summary in sorted(nodes.items()):
        for handler, proof in sorted(summary["handlers"].items()):
            canary = proof["canary"]
            if canary == "passed":
                canary = f"passed in {proof['milliseconds']:.0f} ms"
            generation = f"{summary['generation']:.0f}"
            rows.append((node, generation, handler, proof["shim"], proof["version"], canary))
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Iterable[str], widths: Iterable[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def main() -> int:
    """Exit code 1 if a handler is not proven."""
    try:
        nodes = json.load(sys.stdin)
    except ValueError:
        print("handlers: standard input holds no stack output `nodes`", file=sys.stderr)
        return 1
    print(table(nodes))
    proofs = [proof for node in nodes.values() for proof in node["handlers"].values()]
    return 0 if proofs and all(proof["canary"] == "passed" for proof in proofs) else 1


if __name__ == "__main__":
    sys.exit(main())
