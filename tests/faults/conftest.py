"""One lab node for most tests of this folder, and the numbers of the whole suite at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.node.conftest import built, edge, edge_lab, fresh, session, settings
from tests.engine.program.conftest import tools
from tests.faults.holds import forget
from tests.faults.tally import TALLY, Tally
from tests.lab.conftest import place, slot

__all__ = ["built", "edge", "edge_lab", "fresh", "place", "session", "settings", "slot", "tools"]

_LAST = "test_every_step_of_the_code_was_covered_by_kills"


@pytest.fixture(scope="session")
def tally() -> Tally:
    """What this run of the suite has provoked."""
    return TALLY


@pytest.fixture(autouse=True)
def nothing_held(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that fails in the middle leaves no kill and no hold to the next one."""
    yield
    if "edge" in request.fixturenames:
        forget(request.getfixturevalue("edge"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks back at all the others comes last."""
    items.sort(key=lambda item: _LAST in item.name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The tracked numbers, as this run has measured them."""
    lines = TALLY.report()
    if lines:
        terminalreporter.section("faults")
    for line in lines:
        terminalreporter.write_line(line)
