"""Two that change one node at once: only the node itself can keep them apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lab.nodes.node import Node
from shimyard.node.desired import DesiredState, File
from shimyard.node.errors import NodeError
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.states import CONFIG, leftovers, look
from tests.faults.refusals import refused

pytestmark = pytest.mark.lab


def test_two_changes_at_once_the_second_is_refused(
    edge: Node, session: Session, clock: DesiredState
) -> None:
    unit = "shimyard-transaction.service"
    busy = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", "sleep", "600"]
    edge.run(busy)
    with refused(edge, "switch", "another change of this node is running", "wait until"):
        converge(session, clock)
    edge.run(["systemctl", "stop", unit])

    def too_late(step: str, sentence: str, /) -> None:
        if step == "stage":
            edge.run(busy)

    with refused(edge, "switch", "another change of this node is running", "wait until"):
        converge(session, clock, too_late)
    edge.run(["systemctl", "stop", unit])
    assert list((edge.root / "var/lib/shimyard/staging").iterdir()) == []


def test_a_plan_for_a_node_that_changed_meanwhile_is_refused(
    edge: Node, session: Session, clock: DesiredState, settings: NodeSettings
) -> None:
    other = Session.open(settings, Path("/"))
    done: list[int] = []

    def overtaken(step: str, sentence: str, /) -> None:
        if step == "stage" and not done:
            done.append(1)
            converge(other, clock)
            good.append(look(edge))

    good: list[object] = []
    changed = replace(clock, files=(File.of(CONFIG, "tick = 9\n"), *clock.files[1:]))
    with pytest.raises(NodeError, match="the plan was made for none: somebody else changed it"):
        converge(session, changed, overtaken)
    assert leftovers(edge) == []
    other.close()
