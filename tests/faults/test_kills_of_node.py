"""kill -9 of the node's shell at every step: the node is the old one or the new, never between."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.instance import Lab
from lab.nodes.node import Node
from shimyard.node.errors import NodeError
from shimyard.node.paths import ROOT
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
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


class Victim:
    """One node and its acts, each killed at each of its steps."""

    def __init__(self, node: Node, session: Session, folder: Path, tally: Tally) -> None:
        self.node = node
        self.tally = tally
        first = service(artifact(folder, "1.0.0"))
        second = service(artifact(folder, "2.0.0"), "tick = 2\n")
        self.acts: dict[str, Act] = {
            "install": lambda: converge(session, first),
            "update": lambda: converge(session, second),
            "removal": lambda: remove(session, "clock"),
        }
        self.steps: dict[str, list[str]] = {}
        self.after: dict[str, Seen] = {}

    def learn(self) -> None:
        """Run all acts; their steps, and what the node is after each."""
        settle_predecessor(self.node)
        before = look(self.node)
        for name in ("install", "update"):
            self.acts[name]()
            self.steps[name] = steps(self.node)
            self.after[name] = look(self.node)
        # The last removal takes its own journal along: learn the steps by a kill near its end.
        assert killed(self.node, self.acts["removal"], "commit clock 3") is not None
        found = [each for each in steps(self.node) if not each.startswith("restore ")]
        # A transaction that was taken back does not finish; all others do alike.
        finish = [each for each in self.steps["install"] if each.startswith("finish ")]
        self.steps["removal"] = [*found, *finish]
        self.acts["removal"]()
        self.after["removal"] = before
        assert before.changes(look(self.node)) == []

    def suffer(self, first: int, stride: int) -> None:
        """Kill each act at its first step, and go on; then at the next one, ``stride`` further."""
        reached = look(self.node)
        for turn in range(first, max(len(each) for each in self.steps.values()), stride):
            for name in self.acts:
                if turn < len(self.steps[name]):
                    reached = self.one(name, self.steps[name][turn], reached)
                else:
                    self.acts[name]()
                    reached = look(self.node)

    def one(self, name: str, step: str, before: Seen) -> Seen:
        """Kill an act at one step, look, converge; what the node is then."""
        words = step.split(" ")
        if words[0] in {"begin", "commit"}:
            words[-1] = str(next_generation(self.node))
        point = " ".join(words)
        kill, began = self.tally.kill("node shell", point), time.monotonic()
        error = killed(self.node, self.acts[name], point)
        kill.seconds = time.monotonic() - began
        seen = look(self.node)
        assert leftovers(self.node) == []
        if words[0] == "finish":
            # It was after the commit, and the recovery has finished the change.
            assert error is None
            assert name == "removal" or not waits_for_kill(self.node), point
        else:
            assert error is not None, f"never came to {point!r}"
            assert before.changes(seen) == [], f"killed at {point!r}: {error}"
            assert error.node == self.node.name
            assert error.restored
            assert "run `pulumi up` again" in str(error)
            self.acts[name]()
            seen = look(self.node)
        assert self.after[name].changes(seen, times=False) == [], f"killed at {point!r}"
        kill.converged = True
        return seen


def next_generation(node: Node) -> int:
    folder = node.root / ROOT.lstrip("/") / "generations"
    numbers = [int(each.name) for each in folder.iterdir()] if folder.exists() else []
    return max(numbers, default=0) + 1


def waits_for_kill(node: Node) -> bool:
    """Whether a kill has not come yet."""
    file = node.root / ROOT.lstrip("/") / "kill-at"
    return file.exists() and file.read_text() != ""


def test_killed_at_any_step_the_node_is_old_or_new_and_the_next_run_converges(
    edge_lab: Lab, edge: Node, settings: NodeSettings, tmp_path: Path, tally: Tally
) -> None:
    # Two nodes share the work, as this machine has two cores or more.
    nodes = [edge, edge_lab.add_node()]

    def share(number: int) -> None:
        node = nodes[number]
        own = {"name": node.name, "address": str(node.address)}
        session = Session.open(settings.model_copy(update=own), Path("/"))
        folder = tmp_path / node.name
        folder.mkdir()
        victim = Victim(node, session, folder, tally)
        victim.learn()
        victim.suffer(number, len(nodes))
        session.close()

    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(share, range(len(nodes))))
    nodes[1].kill()
