"""One lab node for most tests of this folder, and the numbers of the whole suite at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.nodes.node import Node
from shimyard.node.desired import DesiredState
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from tests.engine.node.conftest import built, edge, edge_lab, fresh, session, settings
from tests.engine.node.states import artifact, look, service
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


@pytest.fixture
def clock(edge: Node, session: Session, tmp_path: Path) -> Iterator[DesiredState]:
    """A service that the node does not have yet; in the end it converges and goes."""
    state = service(artifact(tmp_path, "1.0.0"))
    before = look(edge)
    yield state
    small = replace(state, files=state.files[:1], unit=None)
    assert converge(session, small).facts.generations.current["clock"] > 0
    remove(session, "clock")
    assert before.changes(look(edge)) == []
    assert not (edge.root / "var/lib/shimyard").exists()


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
