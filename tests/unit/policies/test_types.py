"""Rules and summaries look at resources by their type: each type is one that a component makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
MADE = "\n".join(path.read_text() for path in (CHECKOUT / "components").rglob("*.py"))
READING = sorted(
    [*(CHECKOUT / "policies").rglob("*.py"), *(CHECKOUT / "shimyard/preview").glob("*.py")]
)


def types(text: str) -> set[str]:
    """Types of machines' resources, or beginnings of them."""
    return set(re.findall(r'"([\w-]+:(?:node|cluster):\w*)"', text))


def test_types_are_looked_at() -> None:
    found = set().union(*(types(path.read_text()) for path in READING))
    assert {
        f"shimyard-edge:{each}" for each in ("node:", "node:NodeFiles", "cluster:Node")
    } <= found


@pytest.mark.parametrize("path", READING, ids=lambda path: path.stem)
def test_a_type_that_is_looked_at_is_one_that_is_made(path: Path) -> None:
    for each in types(path.read_text()):
        assert f'"{each}' in MADE, each
