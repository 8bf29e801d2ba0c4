"""kill -9 of the node's shell while it ends orphans: the next run ends them, and nothing else."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from lab.nodes.node import Node
from shimyard.node.errors import NodeError
from shimyard.node.operations import EndOrphans
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from tests.engine.node.states import artifact, kill_at, leave_orphan, leftovers, look, service
from tests.faults.tally import Tally

pytestmark = pytest.mark.lab

POINT = "switch end-orphans clock.service"


def test_killed_before_it_ends_an_orphan_the_node_ends_it_in_the_next_run(
    edge: Node, session: Session, tmp_path: Path, tally: Tally
) -> None:
    state = service(artifact(tmp_path, "1.0.0"))
    assert state.unit is not None
    state = replace(state, unit=replace(state.unit, runs_containers=True))
    converge(session, state)
    orphan = leave_orphan(edge)
    before = look(edge)

    kill, began = tally.kill("node shell", POINT), time.monotonic()
    kill_at(edge, POINT)
    with pytest.raises(NodeError) as caught:
        converge(session, state)
    kill.seconds = time.monotonic() - began
    assert caught.value.restored
    assert leftovers(edge) == []
    assert before.changes(look(edge)) == []

    mended = converge(session, state)
    assert mended.plan.operations[1:] == (EndOrphans("clock.service", (orphan,)),)
    assert before.changes(look(edge)) == []
    assert edge.run(["test", "-d", f"/proc/{orphan}"], check=False).returncode == 1
    assert converge(session, state).plan.operations == ()
    kill.converged = True
    remove(session, "clock")
