"""The launcher: joins cgroups before the program runs, and starts it again for a reboot only."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.launch import LAUNCHER


@pytest.fixture
def cgroup(tmp_path: Path) -> Path:
    """A stand-in: a folder with a file of the name that the kernel's cgroups have."""
    (tmp_path / "cgroup").mkdir()
    (tmp_path / "cgroup/cgroup.procs").touch()
    return tmp_path / "cgroup"


def launched(cgroup: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(LAUNCHER), str(cgroup), str(cgroup), "--", *argv],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )


def test_a_reboot_starts_the_node_again_and_power_off_does_not(
    cgroup: Path, tmp_path: Path
) -> None:
    program = tmp_path / "program"
    program.write_text(
        '#!/bin/sh\nread n <"$1"; n=$((n + 1)); echo $n >"$1"\n[ $n -ge 3 ] || exit 133\n'
    )
    program.chmod(0o755)
    counter = tmp_path / "counter"
    counter.write_text("0\n")
    assert launched(cgroup, str(program), str(counter)).returncode == 0
    assert counter.read_text() == "3\n"


def test_a_program_that_fails_is_not_started_again(cgroup: Path) -> None:
    assert launched(cgroup, "sh", "-c", "exit 7").returncode == 7


def test_arguments_reach_the_program_as_they_are(cgroup: Path) -> None:
    assert launched(cgroup, "printf", "%s|", "a b", "$HOME", "--", "'").stdout == "a b|$HOME|--|'|"


def test_a_program_outside_its_cgroup_is_never_started(tmp_path: Path, cgroup: Path) -> None:
    done = subprocess.run(
        ["sh", str(LAUNCHER), str(cgroup), str(tmp_path / "gone"), "--", "echo", "ran"],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert (done.returncode, done.stdout) == (125, "")
