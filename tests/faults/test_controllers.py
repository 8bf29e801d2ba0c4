"""Two that change one node at once: only the node itself can keep them apart."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lab.commands import attempt, run
from lab.deadline import wait_for
from lab.instance import Lab
from lab.nodes.node import Node
from shimyard.node.desired import DesiredState, File
from shimyard.node.errors import NodeError
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.states import CONFIG, leftovers, look
from tests.engine.program.running import upping
from tests.faults.fleet import machines_project, order, with_files
from tests.faults.holds import hold_at, release, wait_held
from tests.faults.refusals import refused
from tests.faults.tally import TALLY, Tally
from toolchain import Toolchain

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


def race(settings: NodeSettings, states: Sequence[DesiredState]) -> list[NodeError | None]:
    """Converge to all ``states`` at once; what each of them came to."""
    start = threading.Barrier(len(states))

    def one(state: DesiredState) -> NodeError | None:
        session = Session.open(settings, Path("/"))
        start.wait(10)
        try:
            converge(session, state)
        except NodeError as error:
            return error
        finally:
            session.close()
        return None

    with ThreadPoolExecutor(len(states)) as pool:
        return list(pool.map(one, states, timeout=60))


def test_two_that_begin_together_leave_the_work_of_one_and_the_other_is_told(
    edge: Node, settings: NodeSettings, clock: DesiredState, tally: Tally
) -> None:
    for turn in range(3):
        texts = [f"one {turn}\n", f"two {turn}\n"]
        states = [replace(clock, files=(File.of(CONFIG, text), *clock.files[1:])) for text in texts]
        with tally.wait("two that begin together"):
            outcomes = dict(zip(texts, race(settings, states), strict=True))
        done = [text for text, error in outcomes.items() if error is None]
        assert done, outcomes
        for error in filter(None, outcomes.values()):
            assert "another change of" in str(error) or "somebody else changed it" in str(error)
            assert "run `pulumi up` again" in str(error)
        assert edge.run(["cat", CONFIG]).stdout in done
        assert leftovers(edge) == []


@dataclass(frozen=True)
class Controller:
    """A machine that runs Pulumi: the words before its commands, its address and its user key."""

    before: tuple[str, ...]
    address: str
    key: Path


@pytest.fixture
def other_machine(edge_lab: Lab, edge: Node, tmp_path: Path) -> Iterator[Controller]:
    """A network namespace with an address on the lab's bridge, and a key of its own."""
    lab = edge_lab.settings
    name, address = f"{lab.name}other", str(lab.subnet[5])
    attempt(["ip", "netns", "delete", name])
    run(["ip", "netns", "add", name])
    try:
        run(["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name])
        run(["ip", "link", "set", name, "master", lab.name, "up"])
        run(["ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0"])
        for link in ("lo", "eth0"):
            run(["ip", "-n", name, "link", "set", link, "up"])
        key = tmp_path / "other_key"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "other", "-f", str(key)])
        public = key.with_name("other_key.pub").read_text()
        edge.run(["tee", "-a", "/home/edge/.ssh/authorized_keys"], stdin=public)
        yield Controller(("ip", "netns", "exec", name), address, key)
    finally:
        attempt(["ip", "netns", "delete", name])


def test_a_second_up_from_another_machine_waits_for_the_first_and_then_has_its_way(
    edge_lab: Lab, edge: Node, tools: Toolchain, other_machine: Controller, tmp_path: Path
) -> None:
    """Neither backend nor lock is shared: only the node knows of both."""
    site, controller = "/etc/site.json", other_machine
    here = machines_project(tools, tmp_path / "here")
    order(here, [with_files(edge_lab, edge, {site: "here\n"})], {})
    there = machines_project(tools, tmp_path / "there")
    order(there, [with_files(edge_lab, edge, {site: "there\n"}, controller.key)], {})
    before = look(edge)
    hold_at(edge, "switch file")
    with upping(here) as first, ThreadPoolExecutor(1) as pool:
        wait_held(edge, seconds=60)
        second = pool.submit(there.up, status=None, before=controller.before)
        came = f"Connection from {controller.address} "
        wait_for(
            "the other machine's connection",
            lambda: None if came in "\n".join(edge.sshd_log()) else "none yet",
            seconds=60,
        )
        asked = questions(edge)
        wait_for(
            "two looks at the node's change",
            lambda: None if questions(edge) > asked + 1 or second.done() else "not yet",
            seconds=30,
        )
        assert not second.done(), second.result().output
        with TALLY.wait("a second up at once, from another machine"):
            release(edge)
            output, _ = first.communicate(timeout=60)
            told = second.result(timeout=60)
    assert first.returncode == 0, output
    assert told.status == 0, told.output
    assert edge.run(["cat", site]).stdout == "there\n"
    assert leftovers(edge) == []
    assert "has other content" in here.refresh().output
    here.up()
    assert edge.run(["cat", site]).stdout == "here\n"
    here.destroy()
    assert before.changes(look(edge)) == []


def questions(edge: Node) -> int:
    """How often the node was asked for its facts, as its sudo has logged."""
    return edge.journal().count("/node facts")


def test_a_second_up_from_this_machine_is_refused_at_once_and_the_first_goes_on(
    edge_lab: Lab, edge: Node, tools: Toolchain, tmp_path: Path
) -> None:
    project = machines_project(tools, tmp_path)
    order(project, [with_files(edge_lab, edge, {"/etc/site.json": "1\n"})], {})
    hold_at(edge, "switch file")
    with upping(project) as first:
        wait_held(edge, seconds=60)
        with TALLY.wait("a second up at once, from this machine"):
            refused_up = project.up(status=None)
        release(edge)
        output, _ = first.communicate(timeout=60)
    assert refused_up.status != 0
    assert "pulumi cancel" in refused_up.output
    assert first.returncode == 0, output
    assert edge.run(["cat", "/etc/site.json"]).stdout == "1\n"
    project.destroy()
