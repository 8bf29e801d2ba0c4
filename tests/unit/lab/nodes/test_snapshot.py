"""Snapshots see every change that a product could leave on a node."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.nodes.snapshot import difference, take


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small tree with a file, a link, a folder and something volatile."""
    for folder in ("etc", "usr/bin", "run", "var/log"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/hosts").write_text("localhost\n")
    (tmp_path / "etc/hosts").chmod(0o644)
    (tmp_path / "usr/bin/tool").write_text("v1")
    (tmp_path / "etc/link").symlink_to("hosts")
    return tmp_path


def relink(root: Path) -> None:
    (root / "etc/link").unlink()
    (root / "etc/link").symlink_to("passwd")


def become_folder(root: Path) -> None:
    (root / "usr/bin/tool").unlink()
    (root / "usr/bin/tool").mkdir(mode=0o755)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda root: (root / "etc/new").touch(), "/etc/new: added"),
        (lambda root: (root / "etc/hosts").unlink(), "/etc/hosts: removed"),
        (lambda root: (root / "etc/hosts").write_text("x"), "/etc/hosts: content "),
        (lambda root: (root / "etc/hosts").chmod(0o4755), "/etc/hosts: mode 0644 -> 4755"),
        (lambda root: (root / "etc").chmod(0o700), "/etc: mode "),
        (relink, "/etc/link: content 'hosts' -> 'passwd'"),
        (become_folder, "/usr/bin/tool: kind 'file' -> 'folder'"),
        (lambda root: os.mkfifo(root / "etc/fifo"), "/etc/fifo: added"),
    ],
)
def test_each_kind_of_change_is_told_by_its_path(
    root: Path, change: Callable[[Path], object], told: str
) -> None:
    before = take(root)
    change(root)
    [line] = difference(before, take(root))
    assert line.startswith(told)


def test_a_file_rewritten_with_the_same_bytes_is_no_change(root: Path) -> None:
    before = take(root)
    (root / "etc/hosts").unlink()
    (root / "etc/hosts").write_text("localhost\n")
    (root / "etc/hosts").chmod(0o644)
    assert difference(before, take(root)) == []


def test_logs_and_what_lives_in_memory_do_not_count(root: Path) -> None:
    before = take(root)
    (root / "var/log/syslog").write_text("x")
    (root / "run/pid").write_text("1")
    assert difference(before, take(root)) == []
