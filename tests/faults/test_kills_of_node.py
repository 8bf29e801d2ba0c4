"""kill -9 of the node's shell at every step: the node is the old one or the new, never between."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.nodes.node import Node
from shimyard.node.errors import NodeError
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from tests.engine.node.states import (
    Seen,
    artifact,
    kill_at,
    leftovers,
    look,
    service,
    settle_predecessor,
    steps,
)
from tests.faults.tally import Tally

pytestmark = pytest.mark.lab

# A killed transaction is told and taken back within this many seconds, on a busy machine.
BOUND = 30.0
Act = Callable[[], object]


def killed(node: Node, act: Act, *at: str) -> NodeError | None:
    """Run ``act`` with a kill at these steps; what it raised."""
    kill_at(node, *at)
    began = time.monotonic()
    try:
        act()
    except NodeError as error:
        return error
    finally:
        assert time.monotonic() - began < BOUND
    return None


def one(tally: Tally, node: Node, act: Act, step: str, *, before: Seen, new: Seen) -> Seen:
    """Kill at one step, look, converge; what the node is then."""
    kill, began = tally.kill("node shell", step), time.monotonic()
    error = killed(node, act, step)
    kill.seconds = time.monotonic() - began
    seen = look(node)
    assert leftovers(node) == []
    if error is not None:
        assert before.changes(seen) == [], f"killed at {step!r}: {error}"
        assert error.node == "edge-1"
        assert error.restored
        assert "run `pulumi up` again" in str(error)
        act()
        seen = look(node)
    # Otherwise it was after the commit, and the recovery has finished the change.
    assert new.changes(seen, times=False) == [], f"killed at {step!r}"
    kill.converged = True
    return seen


def test_killed_at_any_step_the_node_is_old_or_new_and_the_next_run_converges(
    edge: Node, session: Session, tmp_path: Path, tally: Tally
) -> None:
    settle_predecessor(edge)
    first = service(artifact(tmp_path, "1.0.0"))
    second = service(artifact(tmp_path, "2.0.0"), "tick = 2\n")
    acts: dict[str, Act] = {
        "install": lambda: converge(session, first),
        "update": lambda: converge(session, second),
        "removal": lambda: remove(session, "clock"),
    }
    states = {"install": look(edge)}
    todo: dict[str, list[str]] = {}
    for name, following in (("install", "update"), ("update", "removal")):
        acts[name]()
        todo[name] = steps(edge)
        states[following] = look(edge)
    # The last removal takes its own journal along: learn the steps by a kill near its end.
    assert killed(edge, acts["removal"], "commit clock 3") is not None
    todo["removal"] = [each for each in steps(edge) if not each.startswith("restore ")]
    acts["removal"]()
    after = {"install": states["update"], "update": states["removal"], "removal": states["install"]}
    assert states["install"].changes(look(edge)) == []

    reached = look(edge)
    for turn in range(max(len(each) for each in todo.values())):
        for name, act in acts.items():
            if turn < len(todo[name]):
                reached = one(tally, edge, act, todo[name][turn], before=reached, new=after[name])
            else:
                act()
                reached = look(edge)
