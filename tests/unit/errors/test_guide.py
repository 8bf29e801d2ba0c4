"""The guide to errors names none that nobody meets."""

from __future__ import annotations

import re
from pathlib import Path

from shimyard.node.steps import OPERATIONS, WHOLE

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs/how-to/when-it-fails.md").read_text()


def table(heading: str) -> list[str]:
    """The code in the first column of the table whose first heading is this."""
    _, _, rest = GUIDE.partition(f"| {heading} |")
    rows = rest.split("\n\n")[0].splitlines()[2:]
    return [found[1] for row in rows if (found := re.match(r"\| `(.+?)` \|", row))]


def test_every_error_of_the_guide_is_one_that_is_raised() -> None:
    golden = "".join(path.read_text() for path in Path(__file__).parent.glob("golden/*.txt"))
    assert len(table("the error says")) > 10
    assert [text for text in table("the error says") if text not in golden] == []


def test_every_step_of_the_program_is_in_the_guide() -> None:
    steps = {step for step, _ in (*OPERATIONS.values(), *WHOLE.values())}
    assert steps <= set(table("step"))
