"""The node's program may go while somebody is about to run it: a purge ends by itself."""

from __future__ import annotations

import pytest

from lab.nodes.node import Node
from shimyard.node import program
from shimyard.node.desired import DesiredState, File
from shimyard.node.program import INSTALLED
from shimyard.node.transaction import converge, read_facts
from shimyard.node.transport import Session
from tests.engine.node.states import put_program

pytestmark = pytest.mark.lab

# Stands before sudo in the PATH, once: there the purge of a run that was killed comes to its end.
_PURGE = f"""\
#!/bin/sh
/usr/bin/sudo -n rm -rf {INSTALLED} /usr/local/bin/sudo
exec /usr/bin/sudo "$@"
"""


def test_a_program_that_goes_just_before_it_would_run_is_an_absent_one(
    fresh: Node, session: Session
) -> None:
    converge(session, DesiredState("trial", files=(File.of("/etc/trial", "1\n"),)))
    put_program(fresh, "/usr/local/bin/sudo", _PURGE)
    assert read_facts(session).generations.current == {"trial": 1}
    assert not session.has_program
    program.call(session, "purge")
    assert session.has_program
