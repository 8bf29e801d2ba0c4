"""kill -9 of the node's program before a transaction is the node's own: nothing live changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.deadline import wait_for
from lab.nodes.node import Node
from shimyard.node import staging
from shimyard.node.desired import DesiredState
from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.paths import ROOT
from shimyard.node.transaction import converge, read_facts, remove
from shimyard.node.transport import Session
from tests.engine.node.states import artifact, kill_at, leftovers, look, service
from tests.faults.holds import hold_at, release, wait_held
from tests.faults.tally import Tally

pytestmark = pytest.mark.lab

BOUND = 20.0
Killed = Callable[..., NodeError]


@pytest.fixture
def good(edge: Node, session: Session, tmp_path: Path) -> Iterator[DesiredState]:
    """What the node runs before the test, and wants to go on to run."""
    state = service(artifact(tmp_path, "1.0.0"))
    converge(session, state)
    yield state
    remove(session, "clock")
    assert not (edge.root / ROOT.lstrip("/")).exists()


@pytest.fixture
def killed(edge: Node, tally: Tally) -> Killed:
    """Runs something with a kill of the node's program at a point; what it raised."""

    def run(act: Callable[[], object], point: str, *later: str) -> NodeError:
        before = look(edge)
        kill, began = tally.kill("node shell", point), time.monotonic()
        kill_at(edge, point, *later)
        with pytest.raises(NodeError) as caught:
            act()
        kill.seconds = time.monotonic() - began
        assert kill.seconds < BOUND
        assert caught.value.node == "edge-1"
        assert "run `pulumi up` again" in caught.value.mend
        if caught.value.restored:
            # After a removal there is only Shimyard's own folder left to remove.
            assert before.changes(look(edge)) == [] or point == "verb purge"
            assert leftovers(edge) == []
        # Each test goes on to see this: it ends with a run that converges.
        kill.converged = True
        return caught.value

    return run


def newer(folder: Path, version: str) -> DesiredState:
    return service(artifact(folder, version), f"tick = {version}\n")


@pytest.mark.parametrize("verb", ["facts", "receive", "fetch", "accept", "launch", "apply"])
def test_killed_as_it_begins_a_verb_the_node_stays_and_the_next_run_converges(
    session: Session, good: DesiredState, killed: Killed, tmp_path: Path, verb: str
) -> None:
    wanted = newer(tmp_path, "2.0.0")
    killed(lambda: converge(session, wanted), f"verb {verb}")
    assert converge(session, wanted).plan.operations != ()
    assert converge(session, wanted).plan.operations == ()


def test_killed_before_an_artifact_has_its_name_the_store_has_no_half_of_it(
    edge: Node, session: Session, good: DesiredState, killed: Killed, tmp_path: Path
) -> None:
    wanted = newer(tmp_path, "2.0.0")
    killed(lambda: converge(session, wanted), f"store {wanted.artifacts[0].sha256}")
    store = edge.root / ROOT.lstrip("/") / "store"
    assert wanted.artifacts[0].sha256 not in {entry.name for entry in store.iterdir()}
    assert converge(session, wanted).facts.managed.broken == {}


def test_killed_as_it_discards_the_first_cause_is_told(
    edge: Node, session: Session, good: DesiredState, killed: Killed, tmp_path: Path
) -> None:
    wanted = newer(tmp_path, "2.0.0")
    wrong = replace(wanted.artifacts[0], bundle=artifact(tmp_path, "2.0.1").bundle)
    spoilt = replace(wanted, artifacts=(wrong,))
    error = killed(lambda: converge(session, spoilt), "verb discard")
    assert "arrived with another checksum" in str(error)
    converge(session, wanted)


def test_killed_again_and_again_as_it_recovers_it_recovers_at_last(
    edge: Node, session: Session, good: DesiredState, killed: Killed, tmp_path: Path
) -> None:
    wanted = newer(tmp_path, "2.0.0")
    before = look(edge)
    first = "switch restart clock.service"
    error = killed(lambda: converge(session, wanted), first, "verb recover")
    assert "NOT yet back" in str(error)
    killed(lambda: converge(session, wanted), "verb retake")
    killed(lambda: converge(session, wanted), "verb recover")
    assert not read_facts(session).generations.pending
    assert before.changes(look(edge)) == []
    converge(session, wanted)


def test_killed_as_it_leaves_the_machine_the_next_run_leaves_it(
    edge: Node, session: Session, good: DesiredState, killed: Killed
) -> None:
    killed(lambda: remove(session, "clock"), "verb purge")
    assert (edge.root / ROOT.lstrip("/")).exists()
    remove(session, "clock")
    assert not (edge.root / ROOT.lstrip("/")).exists()


@pytest.mark.parametrize(("verb", "function"), [("receive", "bundle"), ("accept", "_chunks")])
def test_killed_in_the_middle_of_a_stream_no_half_of_it_is_taken(
    edge: Node,
    session: Session,
    good: DesiredState,
    tally: Tally,
    tmp_path: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    function: str,
) -> None:
    wanted = service(
        artifact(tmp_path, "3.0.0", "#!/bin/sh\nexec sleep infinity\n" + "#" * 999_999)
    )
    before = look(edge)
    whole: Callable[..., Iterable[bytes]] = getattr(staging, function)
    kill = tally.kill("node shell", f"verb {verb}")

    def cut(*arguments: object) -> Iterator[bytes]:
        chunks = iter(whole(*arguments))
        yield next(chunks)
        wait_for("the program", lambda: None if processes(edge, verb) else "no", seconds=10)
        edge.run(["kill", "-9", *processes(edge, verb)])
        yield from chunks

    began = time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(staging, function, cut)
        with pytest.raises(NodeError) as caught:
            converge(session, wanted)
    kill.seconds = time.monotonic() - began
    assert kill.seconds < BOUND
    assert "run `pulumi up` again" in caught.value.mend
    assert before.changes(look(edge)) == []
    assert wanted.artifacts[0].sha256 not in stored(edge)
    converge(session, wanted)
    assert converge(session, wanted).plan.operations == ()
    kill.converged = True


def test_without_its_launcher_a_transaction_goes_on(
    edge: Node, session: Session, good: DesiredState, tally: Tally, tmp_path: Path
) -> None:
    wanted = newer(tmp_path, "4.0.0")
    hold_at(edge, "switch file")

    def end() -> None:
        wait_held(edge)
        edge.run(["kill", "-9", *processes(edge, "launch")])

    kill, began = tally.kill("node shell", "verb launch"), time.monotonic()
    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(ConnectionFailedError, match="lost in the middle of a change") as caught:
        converge(session, wanted)
    ending.join()
    kill.seconds = time.monotonic() - began
    assert "finishes the change or takes it back" in caught.value.mend
    release(edge)
    wait_for(
        "the end of the transaction",
        lambda: "it runs" if read_facts(session).generations.running else None,
        seconds=20,
    )
    assert converge(session, wanted).plan.operations == ()
    kill.converged = True


def processes(edge: Node, verb: str) -> list[str]:
    """The node's shells that carry out ``verb``, without the sudo above them."""
    found = edge.run(["pgrep", "-f", f"^/bin/sh [^ ]*/node {verb} "], check=False)
    return found.stdout.split()


def stored(edge: Node) -> set[str]:
    return {entry.name for entry in (edge.root / ROOT.lstrip("/") / "store").iterdir()}
