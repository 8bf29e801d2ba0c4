"""Some SSH hosts behind a delay line, gone without a trace after the block."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from benchmarks.cgroup import Cgroup
from benchmarks.delay.control import DelayLine
from benchmarks.delay.line import FAR, NEAR
from benchmarks.hosts.namespaces import Namespaces
from lab.commands import run
from lab.deadline import wait_for
from lab.nodes.keys import host_key

USER: Final = "edge"
SUBNET: Final = IPv4Network("10.233.0.0/17")
_NEAR_END: Final = IPv4Address("10.233.254.1")
_QUEUE: Final = "20000"
_BOOT: Final = Path(__file__).with_name("boot.sh")
_WORK: Final = "/run/fleet"
_EDGE: Final = (1000, 1000)


class Fleet:
    """``count`` hosts whose root is ``layers``, the topmost first; changes are in memory.

    Each has a network namespace, an sshd with Debian's own settings and a user ``edge`` with sudo.
    ``folder``: an empty one, for keys. As a context manager it is up inside the block. Contestants
    run in the network that ``controller_command`` leads to; all they send passes ``line``.
    """

    def __init__(self, count: int, layers: Sequence[Path], folder: Path) -> None:
        self.count = count
        self.folder = folder
        self.key = folder / "id_ed25519"
        self.known_hosts = folder / "known_hosts"
        self._layers = tuple(layers)
        self._stack = ExitStack()

    @property
    def addresses(self) -> list[str]:
        """The hosts' addresses."""
        return [str(SUBNET[256 + number]) for number in range(1, self.count + 1)]

    @property
    def names(self) -> list[str]:
        """The hosts' names, in the order of ``addresses``."""
        return [f"host-{number}" for number in range(1, self.count + 1)]

    @property
    def host_key(self) -> str:
        """The public key that all of them have: type and key."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    def __enter__(self) -> Self:
        with self._stack:
            self._make_identity()
            self.cgroup = Cgroup("hosts")
            self.line_cgroup = Cgroup("line")
            self.namespaces = self._stack.enter_context(Namespaces(self.cgroup.wrapped))
            self._boot()
            self.line = self._stack.enter_context(
                DelayLine(
                    self.namespaces.controller_network,
                    self.namespaces.network,
                    self.line_cgroup.wrapped,
                )
            )
            self._connect_line()
            self._wait()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def root(self, name: str) -> Path:
        """A host's root, as a folder of this machine."""
        return self.namespaces.seen(f"{_WORK}/{name}/root")

    def controller_command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs ``argv`` where only the hosts are reached."""
        return self.namespaces.controller_command(argv)

    def _make_identity(self) -> None:
        """The topmost layer: keys, the user's right to sudo, names."""
        layer = self.folder / "identity"
        host_key(self.key, comment="benchmark")
        host_key(self.folder / "host_key", comment="benchmark")
        authorized = layer / "home" / USER / ".ssh/authorized_keys"
        _write(authorized, self.key.with_name("id_ed25519.pub").read_text(), 0o600)
        authorized.parent.chmod(0o700)
        for path in (authorized, authorized.parent, authorized.parent.parent):
            os.chown(path, *_EDGE)
        for name in ("host_key", "host_key.pub"):
            target = layer / "etc/ssh" / name.replace("host_key", "ssh_host_ed25519_key")
            _write(target, (self.folder / name).read_text(), 0o600)
        _write(
            layer / "etc/ssh/sshd_config.d/benchmark.conf",
            "HostKey /etc/ssh/ssh_host_ed25519_key\n",
        )
        _write(layer / f"etc/sudoers.d/{USER}", f"{USER} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
        # Without them sudo and pam_env complain, or ask for names.
        lines = [f"{a} {n}\n" for a, n in zip(self.addresses, self.names, strict=True)]
        _write(layer / "etc/hosts", "127.0.0.1 localhost\n" + "".join(lines))
        _write(layer / "etc/default/locale", "LANG=C.UTF-8\n")
        _write(layer / "etc/machine-id", "5eed" * 8 + "\n")
        self.known_hosts.write_text("".join(f"{a} {self.host_key}\n" for a in self.addresses))
        self._layers = (layer, *self._layers)

    def _boot(self) -> None:
        gateway = SUBNET[1]
        layers = ":".join(str(layer) for layer in self._layers)
        boot = ["sh", str(_BOOT), _WORK, layers, f"{gateway}/{SUBNET.prefixlen}", str(gateway)]
        inside = self.namespaces.command([*boot, *self.addresses])
        run(self.cgroup.wrapped(inside), seconds=120)

    def _connect_line(self) -> None:
        ends = {
            NEAR: (self.namespaces.controller_command, f"{_NEAR_END}/32", str(SUBNET)),
            FAR: (self.namespaces.command, None, f"{_NEAR_END}/32"),
        }
        for device, (inside, address, route) in ends.items():
            if address is not None:
                run(inside(["ip", "address", "add", address, "dev", device]))
            run(inside(["ip", "link", "set", device, "up", "txqueuelen", _QUEUE]))
            run(inside(["ip", "route", "add", route, "dev", device]))

    def _wait(self) -> None:
        for name in self.names:
            log = self.namespaces.seen(f"{_WORK}/{name}/sshd.log")
            wait_for(f"sshd of {name}", partial(_not_listening, log), seconds=60, log=log)


def _not_listening(log: Path) -> str | None:
    return None if "listening" in log.read_text() else "no word yet"


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
