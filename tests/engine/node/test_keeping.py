"""What stays on a node: going back needs no download, and what nothing needs is collected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lab.nodes.node import Node
from shimyard.node.desired import ConfigCheck, DesiredState, File, Link, StoredArtifact
from shimyard.node.errors import NodeError
from shimyard.node.paths import ROOT
from shimyard.node.planning import plan
from shimyard.node.progress import silent
from shimyard.node.staging import discard, stage
from shimyard.node.transaction import converge, read_facts, remove
from shimyard.node.transport import Session
from tests.engine.node.states import artifact, kill_at, put_program

pytestmark = pytest.mark.lab

# Stands before the real one in the PATH.
_TELLING = """\
#!/bin/sh
echo "$@" >>/opt/read
exec /usr/bin/sha256sum "$@"
"""


def tool(resource: str, program: StoredArtifact) -> DesiredState:
    """A resource that is one program, under its own name."""
    return DesiredState(
        resource=resource,
        artifacts=(program,),
        links=(Link(f"/usr/local/bin/{resource}", program.path("clock")),),
    )


@pytest.fixture
def versions(tmp_path: Path) -> dict[str, StoredArtifact]:
    """Programs by name; each has its own digest."""
    names = [*(f"mine-{n}" for n in range(1, 12)), "other-1", "other-2"]
    return {name: artifact(tmp_path, name) for name in names}


def store(node: Node, versions: dict[str, StoredArtifact]) -> set[str]:
    """The names of the programs in the node's store."""
    by_digest = {each.sha256: name for name, each in versions.items()}
    folder = node.root / ROOT.lstrip("/") / "store"
    return {by_digest[entry.name] for entry in folder.iterdir()}


def generations(node: Node) -> set[int]:
    return {int(each.name) for each in (node.root / ROOT.lstrip("/") / "generations").iterdir()}


def names(*numbers: int) -> set[str]:
    return {f"mine-{number}" for number in numbers}


def refused(state: DesiredState) -> DesiredState:
    """The same, but its check fails, which is after staging."""
    config = File.of("/etc/mine.conf", "x\n")
    return replace(state, files=(config,), check=ConfigCheck("/bin/false", config.path))


def test_each_resource_keeps_its_last_two_generations_and_the_rest_is_collected(
    fresh: Node, session: Session, versions: dict[str, StoredArtifact]
) -> None:
    before = fresh.snapshot()
    for name in ("other-1", "other-2"):
        converge(session, tool("other", versions[name]))
    for number in range(1, 7):
        converge(session, tool("mine", versions[f"mine-{number}"]))
    # Another resource's changes, however many, have collected nothing that this one needs.
    assert generations(fresh) == {1, 2, 6, 7, 8}
    assert store(fresh, versions) == {"other-1", "other-2", *names(4, 5, 6)}

    # Attempts that fail push nothing out either; the newest three can be looked at.
    for number in range(7, 11):
        with pytest.raises(NodeError, match="containerd refuses"):
            converge(session, refused(tool("mine", versions[f"mine-{number}"])))
    for back in ("other-1", "mine-4"):
        resource = back.partition("-")[0]
        assert converge(session, tool(resource, versions[back])).plan.fetch == ()
        assert f"Version {back}." in fresh.run(["cat", f"/usr/local/bin/{resource}"]).stdout
    assert store(fresh, versions) == {"other-1", "other-2", *names(4, 5, 6, 10)}

    remove(session, "other")
    converge(session, tool("mine", versions["mine-11"]))
    assert store(fresh, versions) == names(4, 6, 11)
    remove(session, "mine")
    assert fresh.snapshot() == before


def test_what_a_waiting_or_cut_off_transaction_needs_is_not_collected(
    fresh: Node, session: Session, versions: dict[str, StoredArtifact]
) -> None:
    converge(session, tool("mine", versions["mine-1"]))
    waiting = tool("mine", versions["mine-2"])
    steps = plan(waiting, read_facts(session))
    stage(session, steps, waiting, resource="mine", transaction="0a0b", report=silent)
    for name in ("other-1", "other-2"):
        converge(session, tool("other", versions[name]))
    assert store(fresh, versions) == {"mine-1", "mine-2", "other-1", "other-2"}
    discard(session, "0a0b")

    # Killed at its switch, and its recovery too: it is pending, with all that it needs.
    kill_at(fresh, "switch link /usr/local/bin/mine", "restore paths mine")
    with pytest.raises(NodeError):
        converge(session, tool("mine", versions["mine-3"]))
    assert (fresh.root / ROOT.lstrip("/") / "pending").is_symlink()
    assert store(fresh, versions) >= {"mine-1", "mine-3"}
    assert "Version mine-1." in fresh.run(["cat", "/usr/local/bin/mine"]).stdout
    converge(session, tool("mine", versions["mine-3"]))
    assert store(fresh, versions) == {"mine-1", "mine-3", "other-1", "other-2"}


def test_an_entry_is_read_whole_only_if_its_inodes_say_something_else(
    fresh: Node, session: Session, versions: dict[str, StoredArtifact]
) -> None:
    wanted = tool("mine", versions["mine-1"])
    converge(session, wanted)
    put_program(fresh, "/usr/local/bin/sha256sum", _TELLING)

    def read() -> list[str]:
        assert not read_facts(session).managed.broken
        log = fresh.root / "opt/read"
        told = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in told if "--check" in line]

    assert read() == []
    fresh.run(["sh", "-c", "touch $(readlink -f /usr/local/bin/mine)"])
    assert read() == ["--check --status .sha256sums"]
