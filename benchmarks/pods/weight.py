"""What pods weigh on their nodes, process by process and as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import cgroups
from lab.deadline import wait_for
from lab.instance import Lab

_SHIM = "containerd-shim-"
_STEADY = 0.01


@dataclass(frozen=True)
class Groups:
    """Where a node has the cgroups of what is weighed.

    ``each``: what the path of a process in them has; ``tops``: the folders of all together.
    """

    each: re.Pattern[str]
    tops: str


PODS = Groups(re.compile(r"/kubepods.*/pod[0-9a-f-]{36}"), "kubepods*")


@dataclass(frozen=True)
class Weight:
    """Bytes of all pods together.

    ``shims``, ``sandboxes`` and ``containers``: what their processes hold, pages that several
    share counted once (PSS). ``cgroups``: the working sets of the pods' cgroups, which is what
    Kubernetes counts. ``nodes``: the working sets of the nodes, the kernel's own memory included.
    """

    shims: int
    sandboxes: int
    containers: int
    cgroups: int
    nodes: int

    def __sub__(self, other: Weight) -> Weight:
        mine, theirs = asdict(self), asdict(other)
        return Weight(**{name: mine[name] - theirs[name] for name in mine})


def weigh(lab: Lab, nodes: Sequence[str], groups: Groups = PODS) -> Weight:
    """All pods on ``nodes`` now, or all that is in other ``groups``."""
    found = {"shims": 0, "sandboxes": 0, "containers": 0}
    for node in nodes:
        for pid in cgroups.processes(lab.settings.name, node):
            kind = _kind(pid, groups.each)
            if kind is not None:
                found[kind] += _proportional(pid)
    tops = [top for node in nodes for top in cgroups.folders(lab.settings.name, node)]
    return Weight(
        **found,
        cgroups=sum(_working_set(top) for node in tops for top in node.glob(groups.tops)),
        nodes=sum(_working_set(top) for top in tops),
    )


def wait_steady(working_set: Callable[[], int]) -> None:
    """What a start itself took goes back first: until a second changes less than a percent.

    Errors: ``NotReadyError`` after a minute.
    """
    last = 0

    def moving() -> str | None:
        nonlocal last
        now = working_set()
        change, last = abs(now - last), now
        return None if change < _STEADY * now else f"{change} bytes more or less"

    wait_for("steady memory", moving, seconds=60, interval=1)


def _kind(pid: int, group: re.Pattern[str]) -> str | None:
    """What a process is to a pod; None: no part of one."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    program = words[0].decode(errors="replace").rpartition("/")[2]
    if group.search(groups) is None:
        return "shims" if program.startswith(_SHIM) else None
    if program == "pause":
        return "sandboxes"
    return "containers"


def _proportional(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(
        (int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0
    )


def _working_set(folder: Path) -> int:
    """As kubelet has it: memory in use without the file pages that nothing uses at present."""
    for usage, inactive in (
        ("memory.usage_in_bytes", "total_inactive_file"),
        ("memory.current", "inactive_file"),
    ):
        if (folder / usage).exists():
            total = int((folder / usage).read_text())
            stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            return total - int(stat[inactive])
    return 0
