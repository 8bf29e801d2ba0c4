"""One edge node of a lab: power, link, commands, logs, and its file system as facts."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path

from lab.commands import attempt
from lab.deadline import wait_for
from lab.errors import CommandError, NodeNotRunningError
from lab.mounts import mount_root, unmount_all
from lab.network import set_link
from lab.nodes import nspawn, snapshot
from lab.nodes.ready import wait_ready
from lab.nodes.seed import ensure_seed
from lab.settings import LabSettings
from lab.state import State

# Kept across a reboot in the node, so that its journal can be read while it is off too.
_SSH_JOURNAL = ("journalctl", "--unit=ssh.service", "--output=cat", "--no-pager", "--quiet")


class Node:
    """A machine of the lab. ``root`` is its merged root as a folder of this machine."""

    def __init__(self, settings: LabSettings, name: str, base: Path) -> None:
        self._settings = settings
        self._state = State(settings.folder)
        self._folders = self._state.node(name)
        self._base = base
        self.name = name

    @property
    def address(self) -> IPv4Address:
        """Its address on the lab's bridge."""
        return self._settings.address_of(self.name)

    @property
    def root(self) -> Path:
        """Its merged root. Without what is mounted inside: /proc, /run, and the volumes."""
        return self._folders.root

    @property
    def console(self) -> Path:
        """The log of its console."""
        return self._folders.console

    @property
    def running(self) -> bool:
        """Whether it is powered on."""
        return nspawn.processes(self._settings, self.name) is not None

    @property
    def leader(self) -> int:
        """The number of its systemd on this machine. Errors: ``NodeNotRunningError``."""
        found = nspawn.processes(self._settings, self.name)
        if found is None:
            raise NodeNotRunningError(self.name)
        return found.leader

    def boot(self) -> None:
        """Power it on if it is off, without waiting until it is ready."""
        if self.running:
            return
        # What a crash left in its cgroups and on the bridge would be in the way.
        nspawn.power_cut(self._settings, self.name)
        ensure_seed(self._settings, self._state, self.name)
        mount_root(self._folders, self._kept_base())
        nspawn.boot(self._settings, self._state, self.name)

    def wait_ready(self, seconds: float = 60.0) -> float:
        """Wait until it can be used over SSH; return the seconds. Errors: ``NotReadyError``.

        One that was ready since its last boot is not asked again: its sshd sees no connection.
        """
        noted = self._folders.folder / "ready"
        if noted.exists() and noted.read_text() == self._boot_mark():
            return 0.0
        needed = wait_ready(self._settings, self.name, seconds=seconds)
        noted.write_text(self._boot_mark())
        return needed

    def start(self) -> None:
        """Power it on and wait until it is ready."""
        self.boot()
        self.wait_ready()

    def stop(self, seconds: float = 30.0) -> None:
        """Shut it down in order and wait until it is off. Errors: ``NotReadyError``."""
        nspawn.power_button(self._settings, self.name)
        wait_for(
            f"shutdown of {self.name}",
            lambda: "it still runs" if self.running else None,
            seconds=seconds,
            log=self.console,
        )
        nspawn.power_cut(self._settings, self.name)

    def reboot(self) -> None:
        """Reboot it from inside, and wait until it is ready again."""
        before = self._boot_mark()
        self.run(["systemctl", "reboot"])
        wait_for(
            f"reboot of {self.name}",
            lambda: "the old boot" if self._boot_mark() in {before, "off"} else None,
            seconds=60,
            log=self.console,
        )
        self.wait_ready()

    def kill(self) -> None:
        """Cut its power: every process is gone at once. What it wrote stays, flushed or not."""
        nspawn.power_cut(self._settings, self.name)

    def fresh(self) -> None:
        """Make it new again: cut its power, forget every change, boot. Its host key stays."""
        self.kill()
        unmount_all(self._folders.folder)
        self._forget()
        self.start()

    def shell_command(self) -> list[str]:
        """The command line of a root shell in it. Errors: ``NodeNotRunningError``."""
        return nspawn.inside(self.leader, ["bash", "--login"])

    def link_down(self) -> None:
        """Pull its cable."""
        set_link(self._settings.interface_of(self.name), up=False)

    def link_up(self) -> None:
        """Plug its cable in again."""
        set_link(self._settings.interface_of(self.name), up=True)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        check: bool = True,
        seconds: float = 60.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in it as root, through its namespaces and not over SSH.

        Errors: ``NodeNotRunningError``; ``CommandError`` if it takes longer than ``seconds``, or
        ends with other than 0 and ``check`` is left on.
        """
        command = nspawn.inside(self.leader, argv)
        done = attempt(command, stdin=stdin, seconds=seconds)
        if check and done.returncode != 0:
            raise CommandError(argv, done.returncode, done.stdout + done.stderr)
        return done

    def sshd_log(self) -> list[str]:
        """All that its sshd has logged since it was new, oldest first; also while it is off."""
        if self.running:
            self.run(["journalctl", "--sync"])
            return self.run(_SSH_JOURNAL).stdout.splitlines()
        return attempt(["chroot", str(self.root), *_SSH_JOURNAL]).stdout.splitlines()

    def journal(self) -> str:
        """Its systemd journal, or its console's log if it has none yet; also while it is off."""
        command = ["journalctl", "--no-pager", "--quiet"]
        if self.running:
            return self.run(command).stdout
        kept = attempt(["chroot", str(self.root), *command])
        return kept.stdout or self.console.read_text(errors="replace")

    def connections(self) -> int:
        """How many connections its sshd has taken since it was new."""
        return sum(1 for line in self.sshd_log() if line.startswith("Connection from "))

    def snapshot(self) -> dict[str, snapshot.Entry]:
        """Its file system, file by file; see ``lab.nodes.snapshot`` for what does not count."""
        return snapshot.take(self.root)

    def _boot_mark(self) -> str:
        """Names this boot: the number of its systemd on this machine and when that started."""
        found = nspawn.processes(self._settings, self.name)
        if found is None:
            return "off"
        try:
            fields = Path(f"/proc/{found.leader}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return "off"
        return f"{found.leader} {fields[19]}"

    def _kept_base(self) -> Path:
        """The base that it was made from: changes over another one would make no sense."""
        noted = self._folders.folder / "base"
        if noted.exists() and Path(noted.read_text()).is_dir():
            return Path(noted.read_text())
        self._forget()
        noted.write_text(str(self._base))
        return self._base

    def _forget(self) -> None:
        for folder in (self._folders.upper, self._folders.work, self._folders.volumes):
            if folder.exists():
                shutil.rmtree(folder)
