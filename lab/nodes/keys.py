"""SSH keys of a lab: the user's, each node's own, and the known hosts that pin those."""

from __future__ import annotations

from pathlib import Path

from lab.commands import run
from lab.settings import LabSettings
from lab.state import State


def ensure_user_key(state: State) -> None:
    """Make the key that opens every node of this lab, once (ed25519, no passphrase, 0600)."""
    state.ssh.mkdir(mode=0o700, exist_ok=True)
    if not state.user_key.exists():
        host_key(state.user_key, comment="shimyard-lab")


def user_public_key(state: State) -> str:
    """The public half, as one line of an authorized_keys file."""
    return state.user_key.with_name("id_ed25519.pub").read_text()


def host_key(path: Path, *, comment: str) -> None:
    """Make an ed25519 key pair at ``path``; it has its name only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(path.name + ".new")
    for stale in (work, work.with_name(work.name + ".pub")):
        stale.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(work)])
    work.with_name(work.name + ".pub").rename(path.with_name(path.name + ".pub"))
    work.rename(path)


def write_known_hosts(settings: LabSettings, state: State) -> None:
    """Write every node's host key under its address, so that none is trusted at first sight."""
    lines: list[str] = []
    for node in settings.node_names:
        public = state.node(node).seed / "etc/ssh/ssh_host_ed25519_key.pub"
        kind, key = public.read_text().split()[:2]
        lines.append(f"{settings.address_of(node)} {kind} {key}\n")
    fresh = state.known_hosts.with_name("known_hosts.new")
    fresh.write_text("".join(lines))
    fresh.rename(state.known_hosts)
