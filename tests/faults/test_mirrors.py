"""Where artifacts come from: mirrors in order, then the controller, and never a wrong byte."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab.deadline import wait_for
from lab.instance import Lab
from lab.mirror.faults import Fault
from lab.mirror.folder import MirrorFolder
from lab.mirror.server import MirrorServer
from lab.nodes.node import Node
from shimyard.node.desired import DesiredState, Link, StoredArtifact
from shimyard.node.errors import NodeError
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from tests.engine.node.states import leftovers, look

pytestmark = pytest.mark.lab

CONTENT = b"#!/bin/sh\n" + b"#" * 300_000
TOOL = "/usr/local/bin/tool"
Mirrors = tuple[MirrorServer, MirrorServer]


@pytest.fixture
def mirrors(edge_lab: Lab, tmp_path: Path) -> Iterator[Mirrors]:
    """Two mirrors on the bridge with the same file."""
    with ExitStack() as stack:

        def start(name: str) -> MirrorServer:
            folder = MirrorFolder(tmp_path / name)
            (folder.files / "tool").write_bytes(CONTENT)
            server = MirrorServer(folder, str(edge_lab.settings.gateway), 0)
            stack.enter_context(server)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server

        yield start("first"), start("second")


@pytest.fixture
def wanted(edge: Node, session: Session, mirrors: Mirrors) -> Iterator[DesiredState]:
    """A tool out of the mirrors; in the end it converges and goes."""
    before = look(edge)
    state = tool(mirrors)
    yield state
    for mirror in mirrors:
        mirror.folder.ask_for([])
    converge(session, state)
    remove(session, "tool")
    assert before.changes(look(edge)) == []


def tool(mirrors: Mirrors, size: int | None = len(CONTENT)) -> DesiredState:
    digest = hashlib.sha256(CONTENT).hexdigest()
    urls = tuple(f"{mirror.url}/tool" for mirror in mirrors)
    stored = StoredArtifact("tool", "1.0.0", digest, size, "raw", (("", "tool"),), urls)
    return DesiredState("tool", artifacts=(stored,), links=(Link(TOOL, stored.path("tool")),))


def clients(mirror: MirrorServer) -> list[str]:
    return [access.client for access in mirror.folder.accesses()]


def test_the_node_itself_fetches_from_the_first_mirror(
    edge: Node, session: Session, wanted: DesiredState, mirrors: Mirrors
) -> None:
    converge(session, wanted)
    assert clients(mirrors[0]) == [str(edge.address)]
    assert clients(mirrors[1]) == []
    assert (edge.root / "usr/local/bin/tool").is_symlink()


@pytest.mark.parametrize("kind", ["not-found", "server-error", "truncated", "wrong-bytes"])
def test_a_bad_mirror_is_passed_over(
    edge: Node, session: Session, wanted: DesiredState, mirrors: Mirrors, kind: str
) -> None:
    mirrors[0].folder.ask_for([Fault(kind)])  # type: ignore[arg-type]
    converge(session, wanted)
    assert clients(mirrors[0]) == clients(mirrors[1]) == [str(edge.address)]


def test_without_a_good_mirror_each_reason_is_told_and_nothing_changes(
    edge: Node, session: Session, wanted: DesiredState, mirrors: Mirrors
) -> None:
    before = look(edge)
    mirrors[0].folder.ask_for([Fault("not-found")])
    mirrors[1].folder.ask_for([Fault("wrong-bytes")])
    with pytest.raises(NodeError) as caught:
        converge(session, wanted)
    told = str(caught.value)
    for word in ("node edge-1, step stage", "tool 1.0.0", "404", "wrong checksum"):
        assert word in told
    for word in ("the node: ", "the controller: ", "artifacts.mirrors", *wanted.artifacts[0].urls):
        assert word in told
    assert before.changes(look(edge)) == []
    assert leftovers(edge) == []
    assert list((edge.root / "var/lib/shimyard/store").iterdir()) == []


def test_a_mirror_that_sends_without_end_is_stopped(
    edge: Node, session: Session, wanted: DesiredState, mirrors: Mirrors
) -> None:
    mirrors[0].folder.ask_for([Fault("slow", bytes_per_second=60_000)])
    converge(session, tool(mirrors, 1000))
    spoilt = mirrors[0].folder
    wait_for("the end", lambda: None if spoilt.accesses() else "it sends", seconds=20)
    assert spoilt.accesses()[0].sent < len(CONTENT)
    assert len(clients(mirrors[1])) == 1


@pytest.mark.parametrize("good", [True, False])
def test_without_curl_and_wget_the_controller_streams(
    edge: Node,
    session: Session,
    wanted: DesiredState,
    mirrors: Mirrors,
    *,
    good: bool,
    hidden: Callable[[str], None],
) -> None:
    hidden("/usr/bin/curl")
    if not good:
        mirrors[0].folder.ask_for([Fault("wrong-bytes")])
    said: list[str] = []
    converge(session, wanted, lambda _, sentence: said.append(sentence))
    assert any("streamed, verified and stored" in line for line in said)
    assert str(edge.address) not in clients(mirrors[0]) + clients(mirrors[1])


def test_an_archive_without_the_file_that_the_lock_names_is_refused(
    edge: Node, session: Session, wanted: DesiredState, mirrors: Mirrors, tmp_path: Path
) -> None:
    before = look(edge)
    stored = wanted.artifacts[0]
    empty = StoredArtifact(
        "tool", "1.0.0", stored.sha256, None, "tar.gz", (("bin/tool", "tool"),), stored.urls
    )
    state = DesiredState("tool", (empty,), links=(Link(TOOL, empty.path("tool")),))
    with pytest.raises(NodeError, match="can't be unpacked or misses a file"):
        converge(session, state)
    assert before.changes(look(edge)) == []


@pytest.fixture
def hidden(edge: Node) -> Iterator[Callable[[str], None]]:
    """Takes a program away from the node, as if it had never been installed."""
    paths: list[str] = []

    def hide(path: str) -> None:
        edge.run(["mv", path, f"{path}.hidden"])
        paths.append(path)

    yield hide
    for path in paths:
        edge.run(["mv", f"{path}.hidden", path])
