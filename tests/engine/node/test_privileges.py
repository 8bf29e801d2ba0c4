"""A user whose sudo allows Shimyard's program and nothing else is enough for everything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lab.nodes.node import Node
from shimyard.node import program
from shimyard.node.errors import NodeError
from shimyard.node.privileges import VERBS, grant
from shimyard.node.program import PRESET
from shimyard.node.transaction import converge, read_facts, remove
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.states import artifact, kill_at, look, service, settle_predecessor

pytestmark = pytest.mark.lab


def restrict(node: Node) -> None:
    """No sudo but the granted, no terminal, no forwarding."""
    node.run(["sh"], stdin=grant("edge"))
    node.run(["rm", "/etc/sudoers.d/edge"])
    keys = "k=$(cat /home/edge/.ssh/authorized_keys); "
    node.run(["sh", "-c", keys + 'echo "restrict $k" >/home/edge/.ssh/authorized_keys'])


def test_the_granted_commands_are_enough_for_install_fault_and_removal(
    fresh: Node, settings: NodeSettings, tmp_path: Path
) -> None:
    settle_predecessor(fresh)
    restrict(fresh)
    before = look(fresh)
    session = Session.open(settings, Path("/"))
    assert session.run(["sudo", "-n", "true"]).code != 0, "sudo must be narrow for this test"
    first = artifact(tmp_path, "1.0.0")
    with pytest.raises(NodeError, match="another checksum"):
        converge(session, service(replace(first, sha256="0" * 64)))
    converge(session, service(first))
    # One that is cut off, and taken back by the next run's first step.
    kill_at(fresh, "switch restart clock.service", "restore paths clock")
    with pytest.raises(NodeError):
        converge(session, service(artifact(tmp_path, "2.0.0"), "tick = 2\n"))
    assert not read_facts(session).generations.pending
    assert converge(session, service(first)).plan.operations == ()
    assert program.read(session, "doctor").code == 0
    remove(session, "clock")
    session.close()
    assert before.changes(look(fresh)) == []
    log = fresh.run(["journalctl", "-o", "cat", "-t", "sudo"]).stdout
    commands = {line.partition("COMMAND=")[2] for line in log.splitlines() if "COMMAND=" in line}
    verbs = {words[1] for each in commands if (words := each.split())[0] == PRESET}
    assert verbs == {verb for verb, what in VERBS.items() if not what.startswith("on a server")}
    assert {each for each in commands if not each.startswith(f"{PRESET} ")} == {"/usr/bin/true"}


def test_a_version_that_is_not_granted_says_what_to_install(
    fresh: Node, settings: NodeSettings, tmp_path: Path
) -> None:
    restrict(fresh)
    fresh.run(["mv", PRESET, f"{PRESET}0"])
    before = look(fresh)
    session = Session.open(settings, Path("/"))
    with pytest.raises(NodeError, match="sudo refuses edge") as caught:
        converge(session, service(artifact(tmp_path, "1.0.0")))
    session.close()
    assert PRESET in str(caught.value)
    assert "least-privilege" in str(caught.value)
    assert before.changes(look(fresh)) == []
