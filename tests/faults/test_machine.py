"""What can go wrong on a machine: told with node, step, cause and mend; the machine as before."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from lab.nodes.node import Node
from shimyard.node.desired import DesiredState, File
from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.states import BINARY, CONFIG, artifact, leftovers, look, service

pytestmark = pytest.mark.lab


@contextmanager
def refused(edge: Node, step: str, *words: str, within: float = 30.0) -> Iterator[None]:
    """The block raises a NodeError that says all this, and leaves the node as it was."""
    before, began = look(edge), time.monotonic()
    with pytest.raises(NodeError) as caught:
        yield
    assert time.monotonic() - began < within
    error = caught.value
    assert error.node == "edge-1"
    assert error.step.startswith(step), str(error)
    for word in (*words, "node edge-1", "mend: "):
        assert word in str(error)
    assert error.restored
    assert before.changes(look(edge)) == []
    assert leftovers(edge) == []


@pytest.fixture
def wanted(edge: Node, session: Session, tmp_path: Path) -> Iterator[DesiredState]:
    """A service that the node does not have yet; in the end it converges and goes."""
    state = service(artifact(tmp_path, "1.0.0"))
    before = look(edge)
    yield state
    small = replace(state, files=state.files[:1], unit=None)
    assert converge(session, small).facts.generations.current["clock"] > 0
    remove(session, "clock")
    assert before.changes(look(edge)) == []
    assert not (edge.root / "var/lib/shimyard").exists()


@contextmanager
def mounted(edge: Node, path: str, *options: str) -> Iterator[None]:
    edge.run(["mkdir", "-p", path])
    edge.run(["mount", *options, path])
    try:
        yield
    finally:
        edge.run(["umount", path])


def test_a_service_that_does_not_start_is_taken_back(
    edge: Node, session: Session, wanted: DesiredState, tmp_path: Path
) -> None:
    broken = service(artifact(tmp_path, "6.6.6", "#!/bin/sh\necho no wheels >&2\nexit 7\n"))
    # Type=simple counts as started at once; what notifies must live.
    unit = (
        "[Service]\nType=notify\nExecStart=/usr/local/bin/clock\n[Install]\nWantedBy=basic.target\n"
    )
    files = (broken.files[0], File.of("/etc/systemd/system/clock.service", unit))
    with refused(edge, "switch (restart clock.service)", "no wheels", "does not start"):
        converge(session, replace(broken, files=files))


def test_a_full_disk_under_the_store_stops_it_before_anything_changes(
    edge: Node, session: Session, wanted: DesiredState, tmp_path: Path
) -> None:
    big = artifact(tmp_path, "1.0.1", "#!/bin/sh\n#" + "x" * 2_000_000)
    with mounted(edge, "/var/lib/shimyard", "-t", "tmpfs", "-o", "size=1m", "tmpfs"):
        with refused(edge, "stage", "KiB free", "free some space"):
            converge(session, service(big))
        with refused(edge, "stage", "can't write", "No space left"):
            converge(session, service(replace(big, size=None)))
        content = "y" * 2_000_000
        with refused(edge, "stage", "can't unpack", "free some space"):
            converge(session, DesiredState("clock", files=(File.of(CONFIG, content),)))


def test_a_full_disk_where_a_file_belongs_is_taken_back(
    edge: Node, session: Session, wanted: DesiredState
) -> None:
    files = (File.of("/etc/first", "1\n"), File.of("/srv/small/file", "y" * 200_000))
    with (
        mounted(edge, "/srv/small", "-t", "tmpfs", "-o", "size=64k", "tmpfs"),
        refused(edge, "check (file /srv/small/file)", "No space left"),
    ):
        converge(session, DesiredState("clock", files=files))


@pytest.mark.parametrize("kib", [96, 128, 144, 160])
def test_a_disk_that_fills_in_the_middle_leaves_nothing_behind(
    edge: Node, session: Session, tmp_path: Path, kib: int
) -> None:
    """Somewhere between the first byte and the last; where exactly depends on the size."""
    before = look(edge)
    state = service(artifact(tmp_path, "1.0.0"))
    with mounted(edge, "/var/lib/shimyard", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs"):
        edge.run(["sh", "-c", "head -c 48K /dev/zero >/var/lib/shimyard/filler"])
        small = replace(state, artifacts=tuple(replace(a, size=None) for a in state.artifacts))
        reached = before
        with suppress(NodeError):
            converge(session, small)
            reached = look(edge)
        assert reached.changes(look(edge)) == []
        assert leftovers(edge) == []
        edge.run(["rm", "-f", "/var/lib/shimyard/filler"])
        edge.run(["mount", "-o", "remount,size=10m", "/var/lib/shimyard"])
        converge(session, small)
        remove(session, "clock")
    assert before.changes(look(edge)) == []
    edge.run(["rmdir", "/var/lib/shimyard"])


def test_a_read_only_folder_is_told_before_anything_is_sent(
    edge: Node, session: Session, wanted: DesiredState
) -> None:
    with mounted(edge, "/usr/local", "--bind", "/usr/local"):
        edge.run(["mount", "-o", "remount,ro,bind", "/usr/local"])
        with refused(edge, "check", "/usr/local is read-only", "remount it read-write"):
            converge(session, wanted)


def test_a_read_only_place_is_taken_back(
    edge: Node, session: Session, wanted: DesiredState
) -> None:
    files = (File.of("/etc/first", "1\n"), File.of("/opt/ro/deep/file", "2\n"))
    with (
        mounted(edge, "/opt/ro", "-t", "tmpfs", "-o", "ro", "tmpfs"),
        refused(edge, "check (file /opt/ro/deep/file)", "Read-only file system"),
    ):
        converge(session, DesiredState("clock", files=files))
    edge.run(["rmdir", "/opt/ro"])


def test_a_folder_in_the_place_of_a_file_is_told(
    edge: Node, session: Session, wanted: DesiredState
) -> None:
    edge.run(["mkdir", BINARY])
    with refused(edge, f"check (link {BINARY})", "is a folder; move it away"):
        converge(session, wanted)
    edge.run(["rmdir", BINARY])


def test_a_path_of_another_resource_is_refused(
    edge: Node, session: Session, wanted: DesiredState
) -> None:
    converge(session, wanted)
    with refused(edge, "plan", f"{CONFIG} belongs to the resource clock"):
        converge(session, DesiredState("other", files=(File.of(CONFIG, "mine\n"),)))


def test_sudo_that_asks_for_a_password_is_told(
    edge: Node, session: Session, wanted: DesiredState
) -> None:
    ask = "mv /etc/sudoers.d/edge /root/; echo 'edge ALL=(ALL) ALL' >/etc/sudoers.d/edge"
    edge.run(["sh", "-c", ask])
    try:
        with refused(edge, "facts", "sudo refuses edge", "password", "NOPASSWD"):
            converge(session, wanted)
    finally:
        edge.run(["mv", "/root/edge", "/etc/sudoers.d/edge"])


def test_a_wrong_clock_is_told(
    edge: Node, session: Session, wanted: DesiredState, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The controller's side of the comparison is moved: the node has this machine's clock.
    later = time.time() + 3600
    with monkeypatch.context() as patch:
        patch.setattr("shimyard.node.transaction.time.time", lambda: later)
        with refused(edge, "check", "clock is off by -360", "timedatectl"):
            converge(session, wanted)


def test_a_machine_of_another_architecture_is_told(
    edge: Node, settings: NodeSettings, session: Session, wanted: DesiredState
) -> None:
    session.node = settings.model_copy(update={"arch": "arm64"})
    with refused(edge, "facts", "the machine is amd64, the stack says arm64"):
        converge(session, wanted)
    session.node = settings


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


def test_two_changes_at_once_the_second_is_refused(
    edge: Node, session: Session, wanted: DesiredState
) -> None:
    unit = "shimyard-transaction.service"
    busy = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", "sleep", "600"]
    edge.run(busy)
    with refused(edge, "switch", "another change of this node is running", "wait until"):
        converge(session, wanted)
    edge.run(["systemctl", "stop", unit])

    def too_late(step: str, sentence: str, /) -> None:
        if step == "stage":
            edge.run(busy)

    with refused(edge, "switch", "another change of this node is running", "wait until"):
        converge(session, wanted, too_late)
    edge.run(["systemctl", "stop", unit])
    assert list((edge.root / "var/lib/shimyard/staging").iterdir()) == []


def test_a_plan_for_a_node_that_changed_meanwhile_is_refused(
    edge: Node, session: Session, wanted: DesiredState, settings: NodeSettings
) -> None:
    other = Session.open(settings, Path("/"))
    done: list[int] = []

    def overtaken(step: str, sentence: str, /) -> None:
        if step == "stage" and not done:
            done.append(1)
            converge(other, wanted)
            good.append(look(edge))

    good: list[object] = []
    changed = replace(wanted, files=(File.of(CONFIG, "tick = 9\n"), *wanted.files[1:]))
    with pytest.raises(NodeError, match="the plan was made for none: somebody else changed it"):
        converge(session, changed, overtaken)
    assert leftovers(edge) == []
    other.close()


def test_a_changed_source_on_the_controller_is_told(
    edge: Node, session: Session, wanted: DesiredState, tmp_path: Path
) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"m" * 1_000_000)
    digest = hashlib.sha256(b"other").hexdigest()
    files = (File("/opt/model.bin", digest, source=source),)
    before = look(edge)
    with pytest.raises(Exception, match="has changed since it was looked at"):
        converge(session, DesiredState("files", files=files))
    assert before.changes(look(edge)) == []
