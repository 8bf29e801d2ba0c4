"""When a node counts as ready: sshd answers, its user can log in and use sudo, systemd is done."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from lab.commands import attempt
from lab.deadline import wait_for
from lab.nodes import nspawn
from lab.settings import SSH_USER, LabSettings
from lab.state import State

SSH_PORT: Final = 22
# How long nspawn may take to have a process 1; if it refuses to start, nobody waits longer.
POWER_SECONDS: Final = 15.0


def wait_ready(settings: LabSettings, node: str, *, seconds: float = 60.0) -> float:
    """Wait until a node can be used over SSH, and return how many seconds that took.

    Errors: ``NotReadyError`` with what was seen last and the path of the node's console log.
    """
    state = State(settings.folder)
    console = state.node(node).console
    address = settings.address_of(node)
    stages: list[tuple[str, Callable[[], str | None], float]] = [
        (f"power of {node}", lambda: _off(settings, node), min(seconds, POWER_SECONDS)),
        (f"sshd of {node}", lambda: _not_listening(settings, node), seconds),
        (f"login at {node}", lambda: _no_login(state, address), seconds),
    ]
    return sum(
        wait_for(what, condition, seconds=limit, log=console) for what, condition, limit in stages
    )


def ssh_command(state: State, address: IPv4Address, *argv: str) -> list[str]:
    """The command line of an ssh client that trusts the lab's known hosts and nothing else."""
    options = {
        "BatchMode": "yes",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": str(state.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "ConnectTimeout": "5",
    }
    flat = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return ["ssh", "-F", "none", "-i", str(state.user_key), *flat, f"{SSH_USER}@{address}", *argv]


def _off(settings: LabSettings, node: str) -> str | None:
    return None if nspawn.processes(settings, node) else "it is off"


def _not_listening(settings: LabSettings, node: str) -> str | None:
    """Look at the node's own sockets: sshd holds a connection without a login against the caller.

    https://man.openbsd.org/sshd_config#PerSourcePenalties
    """
    found = nspawn.processes(settings, node)
    if found is None:
        return "it went off"
    for table in ("tcp", "tcp6"):
        try:
            text = Path(f"/proc/{found.leader}/net/{table}").read_text()
        except OSError:
            continue
        if any(_listens(line.split()) for line in text.splitlines()[1:]):
            return None
    return f"nothing listens on port {SSH_PORT}"


def _listens(fields: list[str]) -> bool:
    return fields[1].endswith(f":{SSH_PORT:04X}") and fields[3] == "0A"


def _no_login(state: State, address: IPv4Address) -> str | None:
    # Systemd's own verdict does not count: a bare box may have a failed unit ("degraded").
    wanted = "sudo -n true || exit 9; systemctl is-system-running --wait; exit 0"
    seen = attempt(ssh_command(state, address, wanted), seconds=60)
    return None if seen.returncode == 0 else (seen.stderr or seen.stdout).strip()
