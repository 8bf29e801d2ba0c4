"""The way to a node: refused, changed, or lost under a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.deadline import wait_for
from lab.nodes.node import Node
from shimyard.node.desired import DesiredState
from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.transaction import converge, read_facts, remove
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.states import artifact, leftovers, look, service
from tests.faults.holds import hold_at, release, wait_held
from tests.faults.refusals import refused
from tests.faults.tally import Tally

pytestmark = pytest.mark.lab

# A dead connection is told within this many seconds.
BOUND = 60.0


def test_sudo_that_asks_for_a_password_is_told(
    edge: Node, session: Session, clock: DesiredState
) -> None:
    ask = "mv /etc/sudoers.d/edge /root/; echo 'edge ALL=(ALL) ALL' >/etc/sudoers.d/edge"
    edge.run(["sh", "-c", ask])
    try:
        with refused(edge, "facts", "sudo refuses edge", "password", "NOPASSWD"):
            converge(session, clock)
    finally:
        edge.run(["mv", "/root/edge", "/etc/sudoers.d/edge"])


def test_an_unknown_host_key_is_refused(edge: Node, settings: NodeSettings, tmp_path: Path) -> None:
    (tmp_path / "known").write_text("")
    ssh = settings.ssh.model_copy(update={"known_hosts_file": str(tmp_path / "known")})
    with pytest.raises(ConnectionFailedError, match=r"host key of .* is not known") as caught:
        Session.open(settings.model_copy(update={"ssh": ssh}), Path("/"))
    assert "mend: compare the key" in str(caught.value)


def test_a_changed_host_key_is_refused_and_a_pinned_one_is_enough(
    edge: Node, settings: NodeSettings, tmp_path: Path
) -> None:
    key = (edge.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]
    pinned = settings.ssh.model_copy(
        update={"known_hosts_file": "/nowhere", "host_key": " ".join(key)}
    )
    Session.open(settings.model_copy(update={"ssh": pinned}), Path("/")).close()
    other = key[1][:-8] + "AAAAAAAA"[: len(key[1][-8:])]
    changed = pinned.model_copy(update={"host_key": f"{key[0]} {other}"})
    with pytest.raises(ConnectionFailedError, match="shows another host key than the known one"):
        Session.open(settings.model_copy(update={"ssh": changed}), Path("/"))


def no_sshd(edge: Node) -> None:
    """Every sshd of the node dies, those of connections too. Its systemd starts a new one."""
    edge.run(["pkill", "-KILL", "sshd"])


def no_cable(edge: Node) -> None:
    """Nothing arrives any more, and nobody is told."""
    edge.link_down()


@pytest.mark.parametrize(
    ("loss", "point"),
    [(no_sshd, "verb accept"), (no_sshd, "switch file"), (no_cable, "switch file")],
)
def test_a_connection_that_dies_is_told_in_time_and_the_node_goes_on(
    edge: Node,
    settings: NodeSettings,
    tmp_path: Path,
    *,
    tally: Tally,
    loss: Callable[[Node], None],
    point: str,
) -> None:
    before = look(edge)
    clock = service(artifact(tmp_path, "1.0.0"))
    session = Session.open(settings, Path("/"))
    hold_at(edge, point)

    def lose() -> None:
        wait_held(edge)
        loss(edge)

    losing, began = threading.Thread(target=lose), time.monotonic()
    losing.start()
    try:
        with pytest.raises(ConnectionFailedError) as caught, tally.wait(f"{loss.__name__} {point}"):
            converge(session, clock)
        assert time.monotonic() - began < BOUND
    finally:
        losing.join()
        edge.link_up()
        release(edge)
    session.close()
    assert "run `pulumi up` again" in str(caught.value)
    assert caught.value.step == ("stage" if point == "verb accept" else "switch")
    again = opened(settings)
    wait_for(
        "the end of the transaction",
        lambda: "it runs" if read_facts(again).generations.running else None,
        seconds=30,
    )
    assert leftovers(edge) == []
    if point == "verb accept":
        assert before.changes(look(edge)) == []
        converge(again, clock)
    assert converge(again, clock).plan.operations == ()
    remove(again, "clock")
    assert before.changes(look(edge)) == []
    again.close()


def opened(settings: NodeSettings) -> Session:
    """A connection, as soon as the node's sshd is there again."""
    found: list[Session] = []

    def attempt() -> str | None:
        try:
            found.append(Session.open(settings, Path("/")))
        except NodeError as error:
            return str(error)
        return None

    wait_for("sshd", attempt, seconds=30)
    return found[0]
