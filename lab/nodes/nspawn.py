"""How systemd-nspawn boots a node, and which processes a booted one is."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab import cgroups
from lab.launch import end, launch
from lab.mounts import VOLUMES
from lab.network import remove_link
from lab.settings import LabSettings
from lab.state import State

# Without the clock: a node that sets it would set this machine's.
_CAPABILITIES: Final = ("--capability=all", "--drop-capability=CAP_SYS_TIME")
_DEVICES: Final = ("/dev/kmsg", "/dev/fuse")


_PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_JOIN: Final = """\
while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs" || exit 125; shift; done
shift
exec "$@"
"""


@dataclass(frozen=True)
class Processes:
    """A booted node: nspawn's own process on the host, and systemd (process 1) in the node."""

    nspawn: int
    leader: int


def boot(settings: LabSettings, state: State, node: str) -> None:
    """Start a node whose root is mounted; returns before it is ready."""
    launch(
        settings.name,
        node,
        arguments(settings, state, node),
        log=state.node(node).console,
        env={**_environment(), "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")},
    )


def arguments(settings: LabSettings, state: State, node: str) -> list[str]:
    """nspawn's command line for one node."""
    folders = state.node(node)
    inner = ["-E", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"] if cgroups.legacy() else []
    return [
        "systemd-nspawn",
        "--quiet",
        f"--directory={folders.root}",
        "--boot",
        "--keep-unit",
        "--register=no",
        "--settings=no",
        f"--machine={settings.machine_of(node)}",
        f"--hostname={node}",
        f"--network-bridge={settings.name}",
        *_CAPABILITIES,
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        "--console=pipe",
        "--kill-signal=SIGRTMIN+3",
        *(f"--bind={device}" for device in _DEVICES if Path(device).exists()),
        *(f"--bind={folders.volumes / volume}:/{volume}" for volume in VOLUMES),
        *inner,
    ]


def processes(settings: LabSettings, node: str) -> Processes | None:
    """The running node's processes, or None if it is off. Read from its cgroup and the kernel."""
    for pid in cgroups.processes(settings.name, node):
        if _numbers(pid)[1:] == [1]:
            parent = _parent(pid)
            if parent is not None:
                return Processes(nspawn=parent, leader=pid)
    return None


def power_button(settings: LabSettings, node: str) -> None:
    """Ask a node to shut down in order; returns at once."""
    found = processes(settings, node)
    if found is not None:
        os.kill(found.nspawn, signal.SIGTERM)


def power_cut(settings: LabSettings, node: str) -> None:
    """Kill all of a node's processes at once, and remove its cgroups and its link."""
    end(settings.name, node)
    remove_link(settings.interface_of(node))
    forget_machines(settings, settings.machine_of(node))


def forget_machines(settings: LabSettings, machine: str | None = None) -> None:
    """Remove what nspawn keeps for machinectl's sake, and leaves when it is killed."""
    for left in Path("/run/systemd/nspawn/propagate").glob(machine or f"{settings.name}-*"):
        left.rmdir()


def inside(leader: int, argv: Sequence[str]) -> list[str]:
    """The command line that runs ``argv`` in a node: its cgroups, namespaces, a clean environment.

    Without the cgroups, what it starts would see paths like /../.. there, and runc would fail.
    """
    return [
        "sh", "-c", _JOIN, "sh",
        *(str(folder) for folder in cgroups.of(leader)),
        "--",
        # Entering brings this machine's capabilities along, also the one that nodes must not have.
        "setpriv", "--bounding-set=-sys_time", "--",
        "nsenter", f"--target={leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
        "--",
        "env", "-i", _PATH, "HOME=/root", "LANG=C.UTF-8", f"TERM={os.environ.get('TERM', 'dumb')}",
        *argv,
    ]  # fmt: skip


def _environment() -> dict[str, str]:
    shared = {
        # Containers in the node need /proc/sys and /sys writable.
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1",
        # nspawn's system call filter would refuse what runc does.
        "SYSTEMD_SECCOMP": "0",
        # Only the lab uses these folders, and a lock file would be left after a kill.
        "SYSTEMD_NSPAWN_LOCK": "0",
    }
    return {**shared, "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE": "1"} if cgroups.legacy() else shared


def _numbers(pid: int) -> list[int]:
    """A process's numbers, from this machine's PID namespace to its innermost."""
    return [int(number) for number in _status(pid).get("NSpid", "").split()]


def _parent(pid: int) -> int | None:
    text = _status(pid).get("PPid", "")
    return int(text) if text else None


def _status(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
