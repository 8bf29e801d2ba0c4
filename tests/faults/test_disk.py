"""Disks that are full, out of inodes or read-only: nothing is half-written, nothing is lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from lab.nodes.node import Node
from shimyard.node.desired import DesiredState, File
from shimyard.node.errors import NodeError
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from tests.engine.node.states import BINARY, CONFIG, artifact, leftovers, look, service
from tests.faults.refusals import mounted, refused

pytestmark = pytest.mark.lab


def test_a_full_disk_under_the_store_stops_it_before_anything_changes(
    edge: Node, session: Session, clock: DesiredState, tmp_path: Path
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
    edge: Node, session: Session, clock: DesiredState
) -> None:
    files = (File.of("/etc/first", "1\n"), File.of("/srv/small/file", "y" * 200_000))
    with (
        mounted(edge, "/srv/small", "-t", "tmpfs", "-o", "size=64k", "tmpfs"),
        refused(edge, "check (getting /srv/small/file ready)", "No space left"),
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
    edge: Node, session: Session, clock: DesiredState
) -> None:
    with mounted(edge, "/usr/local", "--bind", "/usr/local"):
        edge.run(["mount", "-o", "remount,ro,bind", "/usr/local"])
        with refused(edge, "check", "/usr/local is read-only", "remount it read-write"):
            converge(session, clock)


def test_a_read_only_place_is_taken_back(edge: Node, session: Session, clock: DesiredState) -> None:
    files = (File.of("/etc/first", "1\n"), File.of("/opt/ro/deep/file", "2\n"))
    with (
        mounted(edge, "/opt/ro", "-t", "tmpfs", "-o", "ro", "tmpfs"),
        refused(edge, "check (getting /opt/ro/deep/file ready)", "Read-only file system"),
    ):
        converge(session, DesiredState("clock", files=files))
    edge.run(["rmdir", "/opt/ro"])


def test_a_folder_in_the_place_of_a_file_is_told(
    edge: Node, session: Session, clock: DesiredState
) -> None:
    edge.run(["mkdir", BINARY])
    with refused(edge, f"check (getting the link {BINARY} ready)", "is a folder; move it away"):
        converge(session, clock)
    edge.run(["rmdir", BINARY])


def test_no_inode_left_under_the_store_stops_it_before_anything_changes(
    edge: Node, session: Session, clock: DesiredState
) -> None:
    options = ("-t", "tmpfs", "-o", "size=20m,nr_inodes=16", "tmpfs")
    with (
        mounted(edge, "/var/lib/shimyard", *options),
        refused(edge, "stage", "No space left", "free some space"),
    ):
        converge(session, clock)


def test_no_inode_left_where_a_file_belongs_is_taken_back(
    edge: Node, session: Session, clock: DesiredState
) -> None:
    files = (File.of("/etc/first", "1\n"), File.of("/srv/small/file", "2\n"))
    with (
        mounted(edge, "/srv/small", "-t", "tmpfs", "-o", "nr_inodes=1", "tmpfs"),
        refused(edge, "check (getting /srv/small/file ready)", "No space left"),
    ):
        converge(session, DesiredState("clock", files=files))


@pytest.mark.parametrize("inodes", [24, 32, 40])
def test_inodes_that_run_out_in_the_middle_leave_nothing_behind(
    edge: Node, session: Session, tmp_path: Path, inodes: int
) -> None:
    """Somewhere between the first file and the last."""
    before = look(edge)
    state = service(artifact(tmp_path, "1.0.0"))
    options = ("-t", "tmpfs", "-o", f"size=20m,nr_inodes={inodes}", "tmpfs")
    with mounted(edge, "/var/lib/shimyard", *options):
        reached = before
        with suppress(NodeError):
            converge(session, state)
            reached = look(edge)
        assert reached.changes(look(edge)) == []
        assert leftovers(edge) == []
        edge.run(["mount", "-o", "remount,nr_inodes=9999", "/var/lib/shimyard"])
        converge(session, state)
        remove(session, "clock")
    assert before.changes(look(edge)) == []
    edge.run(["rmdir", "/var/lib/shimyard"])
