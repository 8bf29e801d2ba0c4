"""Labs for tests: beside the checkout's own lab, cleaned before and after, also after a crash."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.commands import run
from lab.instance import Lab
from lab.nodes.node import Node
from lab.settings import LabSettings
from toolchain.cache import cache_root

CHECKOUT = Path(__file__).resolve().parents[2]
# Runs share the machine's subnets, whichever checkout they are from: so slots are the machine's,
# too, and what a dead run left is cleaned by the next one, wherever that is from.
SLOTS = 8
PLACES = 8


@dataclass(frozen=True)
class Place:
    """Where a test's lab is: its folder, its name and its subnet."""

    settings: LabSettings

    @property
    def options(self) -> list[str]:
        """The same place on the command line of `python -m lab`."""
        of = self.settings
        return ["--state", str(of.folder), "--name", of.name, "--subnet", str(of.subnet)]

    def lab(self, nodes: int) -> Lab:
        """A lab here, not up yet."""
        return Lab(self.settings.folder, self.settings.name, self.settings.subnet, nodes)

    def traces(self) -> list[str]:
        """All that the machine knows of this lab, asked of the kernel and not of the lab."""
        of = self.settings
        found = [line for line in run(["ip", "-oneline", "link"]).splitlines() if of.name in line]
        found += [
            line
            for line in Path("/proc/self/mountinfo").read_text().splitlines()
            if str(of.folder) in line
        ]
        for folder, below, _ in os.walk("/sys/fs/cgroup"):
            found += [str(Path(folder, name)) for name in below if name == f"shimyard.{of.name}"]
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    continue  # dead, and only this machine's init has not looked yet
                command = (process / "cmdline").read_bytes().decode(errors="replace")
                cgroups = (process / "cgroup").read_text()
            except OSError:
                continue
            mine = process.name == str(os.getpid())
            if not mine and (str(of.folder) in command or f"shimyard.{of.name}" in cgroups):
                found.append(f"process {process.name}: {command}")
        # Other labs, at the same time, take their own away there.
        for folder, below, names in os.walk("/run/systemd/nspawn"):
            ours = [name for name in [*below, *names] if name.startswith(f"{of.name}-")]
            found += [str(Path(folder, name)) for name in ours]
        if of.folder.exists():
            found.append(str(of.folder))
        return found


def place_of(slot: int, number: int) -> Place:
    """The place with this number in a slot; all of a slot belong to one run of the tests."""
    settings = LabSettings(
        cache_root() / "tests" / f"lab-{slot}-{number}",
        f"t{slot}x{number}",
        IPv4Network(f"10.213.{100 + slot * PLACES + number}.0/24"),
    )
    return Place(settings)


@pytest.fixture(scope="session")
def slot() -> Iterator[int]:
    """The first slot that no other run of the tests holds; what a dead run left is cleaned."""
    if os.geteuid() != 0 or shutil.which("systemd-nspawn") is None:
        pytest.fail("needs root and systemd-nspawn: `sudo python -m lab prepare`")
    (cache_root() / "tests").mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        mine: int | None = None
        for each in range(SLOTS):
            handle = (cache_root() / "tests" / f"slot-{each}.lock").open("w")
            held.enter_context(handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            for number in range(PLACES):
                if place_of(each, number).settings.folder.exists():
                    place_of(each, number).lab(0).down()
            if mine is None:
                mine = each
            else:
                handle.close()
        if mine is None:
            pytest.fail(f"{SLOTS} runs of these tests are under way on this machine already")
        yield mine


@pytest.fixture(scope="session")
def place(slot: int) -> Iterator[Callable[[int], Place]]:
    """Numbered places for labs, each empty when asked for and emptied at the end."""
    used: list[Place] = []

    def numbered(number: int) -> Place:
        found = place_of(slot, number)
        found.lab(0).down()
        used.append(found)
        return found

    yield numbered
    for each in used:
        each.lab(0).down()


@pytest.fixture(scope="module")
def two_nodes(place: Callable[[int], Place]) -> Iterator[Lab]:
    """A lab of two nodes that the tests of one module share."""
    with place(0).lab(2) as lab:
        yield lab


@pytest.fixture
def node(two_nodes: Lab) -> Iterator[Node]:
    """The shared lab's first node, running; made new after the test."""
    found = two_nodes.node("edge-1")
    found.start()
    yield found
    found.fresh()
