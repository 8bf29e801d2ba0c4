"""The list of steps comes from the code: a new one fails here until a kill covers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.tally import KILLERS, Killer, Tally

pytestmark = pytest.mark.lab


@pytest.fixture
def complete(request: pytest.FixtureRequest) -> None:
    """Only a run of the whole suite can have covered everything."""
    modules = set(Path(__file__).parent.glob("test_*.py"))
    missing = modules - {item.path for item in request.session.items}
    if missing:
        pytest.skip(f"not in this run: {', '.join(sorted(path.name for path in missing))}")


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("killer", KILLERS)
def test_every_step_of_the_code_was_covered_by_kills(tally: Tally, killer: Killer) -> None:
    assert tally.missed(killer) == []
