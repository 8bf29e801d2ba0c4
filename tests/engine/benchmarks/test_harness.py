"""The benchmark measures what it says: the delay is there, packets are counted, nothing is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import toolchain
from benchmarks.cells import OURS, Cell, measure
from benchmarks.cgroup import end_all
from benchmarks.contestants.tools import Tools
from benchmarks.hosts.converged import converged_layers
from benchmarks.hosts.fleet import USER, Fleet
from benchmarks.hosts.layer import ensure_layers
from benchmarks.state import state
from lab.commands import run
from tests.lab.conftest import Place


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty one that the layers of an overlay can be in."""
    yield tmp_path
    end_all()


def ssh(fleet: Fleet, *words: str) -> list[str]:
    """A login at the first host."""
    options = [f"UserKnownHostsFile={fleet.known_hosts}", "BatchMode=yes"]
    flat = [word for option in options for word in ("-o", option)]
    login = ["ssh", "-F", "none", "-i", str(fleet.key), *flat, f"{USER}@{fleet.addresses[0]}"]
    return fleet.controller_command([*login, *words])


def connect_seconds(fleet: Fleet) -> float:
    """How long TCP's handshake takes, at best of some; few, or sshd would take us for a pest."""
    code = (
        "import socket, sys, time\n"
        "def once():\n"
        "    began = time.perf_counter()\n"
        "    socket.create_connection((sys.argv[1], 22)).close()\n"
        "    return time.perf_counter() - began\n"
        "print(min(once() for _ in range(3)))\n"
    )
    return float(run(fleet.controller_command(["python3", "-c", code, fleet.addresses[0]])))


def test_the_line_adds_the_delay_that_it_says_and_counts_what_passes(folder: Path) -> None:
    with Fleet(1, ensure_layers(), folder) as fleet:
        direct = connect_seconds(fleet)
        fleet.line.set_round_trip(0.05)
        delayed = connect_seconds(fleet)
        assert direct < 0.02
        assert 0.05 <= delayed < 0.07
        fleet.line.reset()
        began = time.perf_counter()
        assert run(ssh(fleet, "sudo", "-n", "id", "-u")).strip() == "0"
        seconds = time.perf_counter() - began
        traffic = fleet.line.traffic()
        assert traffic.connections == 1
        # OpenSSH's own client: more than ours, fewer than the time has room for.
        assert 7 <= traffic.round_trips[0] <= seconds / 0.05
        assert traffic.payload < traffic.out_bytes + traffic.back_bytes < 20_000
        leader = fleet.namespaces.leader
        assert Path(f"/proc/{leader}").exists()
    assert not Path(f"/proc/{leader}").exists()
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()


def test_a_cell_measures_a_refresh_of_two_round_trips_and_an_up_without_any(
    folder: Path, place: Callable[[int], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIMYARD_TOOLCHAIN", "build")
    files = state(10)
    converged = converged_layers(place(5).lab(1), {10: files}, folder)
    cell = Cell(1, 50, 10, OURS, thorough=True)
    part = measure(
        cell,
        (converged[10], *ensure_layers()),
        1,
        tools=Tools(),
        pulumi=toolchain.ensure(),
        tell=lambda _: None,
    )
    seen = {name: result["samples"][0] for name, result in part["contestants"].items()}
    assert seen["Shimyard up"]["connections"] == 0
    assert seen["Shimyard refresh"]["connections"] == 1
    login = seen["login alone"]["round_trips"]
    # A machine with much to do may answer late, and so seem to have waited for more.
    assert login + 2 <= seen["Shimyard refresh"]["round_trips"] <= login + 4
    assert part["contestants"]["Shimyard refresh"]["peak memory"] > 30_000_000
