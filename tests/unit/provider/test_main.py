"""The provider's process: it starts by hand with words, and ends with its engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
LAUNCHER = CHECKOUT / "shimyard/provider/pulumi-resource-shimyard-edge"


def environment() -> dict[str, str]:
    return {**os.environ, "SHIMYARD_PYTHON": sys.executable}


def test_without_an_engine_it_says_who_starts_it(tmp_path: Path) -> None:
    result = subprocess.run(
        [LAUNCHER], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "the Pulumi engine starts this" in result.stderr


def test_without_its_virtualenv_it_says_how_to_make_it(tmp_path: Path) -> None:
    result = subprocess.run(
        [LAUNCHER, "127.0.0.1:9"],
        cwd=tmp_path,
        env={**os.environ, "SHIMYARD_PYTHON": "/nowhere/python"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "run 'make' once" in result.stderr


def test_it_prints_its_port_and_ends_at_once_on_a_signal(tmp_path: Path) -> None:
    with subprocess.Popen(
        [LAUNCHER, "127.0.0.1:9"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as provider:
        assert provider.stdout is not None
        assert provider.stderr is not None
        assert int(provider.stdout.readline()) > 0
        provider.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert provider.wait(10) == 0
        assert time.monotonic() - began < 2
        assert provider.stderr.read() == ""


def test_it_ends_when_its_engine_was_killed(tmp_path: Path) -> None:
    engine = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)\n"
        "print(child.pid, child.stdout.readline().decode(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", engine, LAUNCHER, "127.0.0.1:9"],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline().split()[0])
        parent.kill()
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline, "the provider outlives its engine"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
