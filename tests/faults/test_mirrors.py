"""Where artifacts come from: mirrors in order, then the controller, and never a wrong byte."""

from __future__ import annotations

import hashlib
import threading
import time
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
from shimyard.node import staging
from shimyard.node.desired import DesiredState, Link, StoredArtifact
from shimyard.node.errors import NodeError
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from tests.engine.node.states import look
from tests.faults.refusals import refused
from tests.faults.tally import TALLY

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


def hidden_files(edge: Node) -> list[str]:
    """What is left of downloads that came to nothing."""
    return [path.name for path in (edge.root / "var/lib/shimyard/store").glob(".*")]


def clients(mirror: MirrorServer) -> list[str]:
    return [access.client for access in mirror.folder.accesses()]


def test_the_node_itself_fetches_from_the_first_mirror(
    edge: Node, session: Session, wanted: DesiredState, mirrors: Mirrors
) -> None:
    converge(session, wanted)
    assert clients(mirrors[0]) == [str(edge.address)]
    assert clients(mirrors[1]) == []
    assert (edge.root / "usr/local/bin/tool").is_symlink()


# What a node meets, and within how many seconds it has turned to the next mirror.
BAD = [
    (Fault("not-found"), 10.0),
    (Fault("server-error"), 10.0),
    (Fault("truncated"), 10.0),
    (Fault("wrong-bytes"), 10.0),
    # curl waits for 20 s.
    (Fault("hanging"), 40.0),
    (Fault("slow", bytes_per_second=500), 40.0),
]


def named(value: object) -> str | None:
    return value.kind if isinstance(value, Fault) else ""


@pytest.mark.parametrize(("fault", "bound"), BAD, ids=named)
def test_a_bad_mirror_is_passed_over(
    edge: Node,
    session: Session,
    wanted: DesiredState,
    mirrors: Mirrors,
    *,
    fault: Fault,
    bound: float,
) -> None:
    mirrors[0].folder.ask_for([fault])
    began = time.monotonic()
    with TALLY.wait(f"a mirror that is {fault.kind}, and a good one behind it"):
        converge(session, wanted)
    assert time.monotonic() - began < bound
    assert clients(mirrors[1]) == [str(edge.address)]
    assert hidden_files(edge) == []


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (Fault("not-found"), Fault("wrong-bytes"), ("404", "wrong checksum")),
        (Fault("server-error"), Fault("truncated"), ("500", "150005")),
        (
            Fault("hanging"),
            Fault("slow", bytes_per_second=500),
            ("too slow", "timed out", "sends less than 1024 bytes a second"),
        ),
    ],
    ids=named,
)
def test_without_a_good_mirror_each_reason_is_told_and_nothing_changes(
    edge: Node,
    session: Session,
    wanted: DesiredState,
    mirrors: Mirrors,
    *,
    monkeypatch: pytest.MonkeyPatch,
    first: Fault,
    second: Fault,
    told: tuple[str, ...],
) -> None:
    mirrors[0].folder.ask_for([first])
    mirrors[1].folder.ask_for([second])
    # Else the controller, which tries in the end, would wait as long as the node does.
    monkeypatch.setattr(staging, "_DOWNLOAD_SECONDS", 3)
    words = ("tool 1.0.0", *told, "the node: ", "the controller: ", "artifacts.mirrors")
    with refused(edge, "stage", *words, *wanted.artifacts[0].urls, within=70):
        converge(session, wanted)
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
    assert any("sent, verified and stored" in line for line in said)
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
