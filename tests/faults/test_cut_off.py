"""A connection or the power that goes away in the middle: the machine finds its way by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lab.deadline import wait_for
from lab.nodes.node import Node
from shimyard.node.desired import DesiredState, File
from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.transaction import converge, read_facts, remove
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.states import (
    UNIT_FILE,
    artifact,
    journal,
    kill_at,
    leftovers,
    look,
    service,
    settle_predecessor,
)
from tests.faults.tally import Tally

pytestmark = pytest.mark.lab

GO = "/run/go"
# Waits for a word from outside, in the middle of the switch; then starts, or does not.
UNIT_TEXT = """\
[Service]
ExecStartPre=/bin/sh -c 'until [ -e {go} ]; do sleep 0.1; done; exec {verdict}'
ExecStart=/usr/local/bin/clock
[Install]
WantedBy=multi-user.target
"""


def waiting(folder: Path, verdict: str) -> DesiredState:
    """A clock that starts when it is told to."""
    state = service(artifact(folder, "1.0.0"))
    unit = File.of(UNIT_FILE, UNIT_TEXT.format(go=GO, verdict=verdict))
    return replace(state, files=(*state.files[:2], unit))


def activity(node: Node) -> str:
    return node.run(["systemctl", "is-active", "clock.service"], check=False).stdout.strip()


def in_the_middle(node: Node, act: Callable[[], object], then: Callable[[], object]) -> Exception:
    """Run ``then`` as soon as ``act`` waits for the service; what ``act`` raised."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            act()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(
        "the start of the service",
        lambda: None if activity(node) == "activating" else activity(node),
        seconds=30,
    )
    then()
    thread.join(60)
    assert not thread.is_alive()
    return raised[0]


def wait_idle(session: Session) -> None:
    wait_for(
        "the end of the transaction",
        lambda: "it runs" if read_facts(session).generations.running else None,
        seconds=60,
    )


@pytest.mark.parametrize("verdict", ["true", "false"])
def test_without_its_connection_a_node_finishes_or_takes_back_by_itself(
    fresh: Node, settings: NodeSettings, session: Session, tmp_path: Path, verdict: str
) -> None:
    settle_predecessor(fresh)
    before = look(fresh)
    wanted = waiting(tmp_path, verdict)
    lost = in_the_middle(
        fresh,
        lambda: converge(session, wanted),
        lambda: fresh.run(["pkill", "-KILL", "-u", "edge"]),
    )
    assert isinstance(lost, ConnectionFailedError)
    assert "lost in the middle of a change" in str(lost)
    assert "finishes the change or takes it back" in str(lost)

    again = Session.open(settings, Path("/"))
    with pytest.raises(NodeError, match="another change of this node is running"):
        converge(again, wanted)
    fresh.run(["touch", GO])
    wait_idle(again)
    if verdict == "true":
        assert converge(again, wanted).plan.operations == ()
        remove(again, "clock")
    assert before.changes(look(fresh)) == []
    assert leftovers(fresh) == []
    again.close()


def test_after_a_power_cut_the_boot_takes_the_change_back_before_the_service_starts(
    fresh: Node, settings: NodeSettings, session: Session, tmp_path: Path
) -> None:
    settle_predecessor(fresh)
    before = look(fresh)
    wanted = waiting(tmp_path, "true")
    lost = in_the_middle(fresh, lambda: converge(session, wanted), fresh.kill)
    assert isinstance(lost, NodeError)
    assert "run `pulumi up` again" in str(lost)
    fresh.start()
    wait_for(
        "the service",
        lambda: None if before.service == look(fresh).service else look(fresh).service,
        seconds=30,
    )
    assert before.changes(look(fresh)) == []
    assert leftovers(fresh) == []
    assert ["restored", "1"] in journal(fresh)
    starts = fresh.run(["journalctl", "-b", "-o", "cat", "-u", "clock.service"]).stdout
    assert starts.splitlines() == ["Started clock.service."]

    again = Session.open(settings, Path("/"))
    fresh.run(["touch", GO])
    assert converge(again, wanted).facts.generations.current == {"clock": 2}
    remove(again, "clock")
    assert before.changes(look(fresh)) == []
    again.close()


def test_a_node_that_is_shut_down_in_a_change_takes_it_back_and_is_itself_when_it_is_on_again(
    fresh: Node, settings: NodeSettings, session: Session, tmp_path: Path, tally: Tally
) -> None:
    settle_predecessor(fresh)
    before = look(fresh)
    wanted = waiting(tmp_path, "true")
    with tally.wait("a node that is shut down in a change, and switched on again"):
        lost = in_the_middle(fresh, lambda: converge(session, wanted), fresh.stop)
        assert isinstance(lost, NodeError)
        assert "run `pulumi up` again" in str(lost)
        fresh.start()
        wait_for(
            "the service",
            lambda: None if before.service == look(fresh).service else look(fresh).service,
            seconds=30,
        )
    assert before.changes(look(fresh)) == []
    assert leftovers(fresh) == []
    again = Session.open(settings, Path("/"))
    fresh.run(["touch", GO])
    converge(again, wanted)
    remove(again, "clock")
    assert before.changes(look(fresh)) == []
    again.close()


def test_a_recovery_that_is_killed_too_is_made_up_for_by_the_next_run(
    fresh: Node, session: Session, tmp_path: Path, tally: Tally
) -> None:
    settle_predecessor(fresh)
    before = look(fresh)
    wanted = service(artifact(tmp_path, "1.0.0"))
    for at in ("canaries", "paths", "services", "folders"):
        kill_at(fresh, "switch restart clock.service", f"restore {at} clock")
        with pytest.raises(NodeError, match="NOT yet back") as caught:
            converge(session, wanted)
        assert not caught.value.restored
        # Facts take it back first; killed once more, the one after that does.
        kill, began = tally.kill("node shell", f"restore {at} clock"), time.monotonic()
        kill_at(fresh, f"restore {at} clock")
        with pytest.raises(NodeError, match="can't be taken back"):
            read_facts(session)
        kill.seconds = time.monotonic() - began
        assert not read_facts(session).generations.pending
        assert before.changes(look(fresh)) == []
        assert leftovers(fresh) == []
        kill.converged = True
    converge(session, wanted)
    remove(session, "clock")
    assert before.changes(look(fresh)) == []


def test_a_power_cut_while_it_finishes_keeps_the_new_generation(
    fresh: Node, settings: NodeSettings, session: Session, tmp_path: Path
) -> None:
    wanted = service(artifact(tmp_path, "1.0.0"))
    kill_at(fresh, "finish originals clock", "finish made clock")
    with pytest.raises(NodeError):
        converge(session, wanted)
    fresh.kill()
    fresh.start()
    again = Session.open(settings, Path("/"))
    wait_idle(again)
    facts = read_facts(again)
    assert facts.generations.current == {"clock": 1}
    assert not facts.generations.pending
    wait_for(
        "the service",
        lambda: None if look(fresh).service.startswith("active") else "not yet",
        seconds=30,
    )
    assert converge(again, wanted).plan.operations == ()
    again.close()
