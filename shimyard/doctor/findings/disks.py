"""File systems that are full, nearly full, or read-only."""

from __future__ import annotations

from collections.abc import Iterator

from shimyard.doctor.examination import Examination, Examined
from shimyard.doctor.findings.finding import Finding, Severity
from shimyard.doctor.machine import Disk

BROKEN_PERCENT = 5
"""Below this, the kubelet of K3s evicts pods: its --eviction-hard for nodefs and imagefs."""
WARNING_PERCENT = 10

_MEND = (
    "free some there, or enlarge it; `ctr -n k8s.io images list` and `journalctl --disk-usage` "
    "name what usually fills it"
)


def full(of: Examination) -> Iterator[Finding]:
    """Of each machine: what is short of space or of inodes, and what can't be written."""
    for node, machine in of.machines.items():
        if not isinstance(machine, Examined):
            continue
        for folder, space in machine.facts.system.space.items():
            if not space.writable:
                mend = "remount it, or replace it: a worn-out disk shows itself so"
                yield Finding("disk", "broken", node, f"{folder} is read-only", mend)
        for disk in machine.machine.disks:
            yield from _short(node, disk)


def _short(node: str, disk: Disk) -> Iterator[Finding]:
    for free, all_of_it, left in (
        (disk.free, disk.size, f"{_size(disk.free)} of {_size(disk.size)}"),
        (disk.free_inodes, disk.inodes, f"{disk.free_inodes} of {disk.inodes} inodes"),
    ):
        # Some file systems count no inodes.
        if free is None or not all_of_it:
            continue
        percent = 100 * free / all_of_it
        if percent < WARNING_PERCENT:
            severity: Severity = "broken" if percent < BROKEN_PERCENT else "warning"
            sentence = f"{disk.mount} has {left} left, {percent:.1f} %"
            yield Finding("disk", severity, node, sentence, _MEND)


def _size(kib: int | None) -> str:
    if kib is None:
        return "?"
    return f"{kib / 1024**2:.1f} GiB" if kib >= 1024**2 else f"{kib / 1024:.1f} MiB"
