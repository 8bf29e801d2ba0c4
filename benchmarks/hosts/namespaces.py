"""Namespaces that all of a fleet lives in, so that nothing of it can outlive one process."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from benchmarks.errors import BenchmarkError
from lab.commands import run

CONTROLLER: Final = "controller"
# The kernel kills it with us, whatever ends us, and with it all processes of its PID namespace.
# Namespaces, devices and mounts go with their last process. It ends with its input, and until then
# the shell reaps what dies.
_ANCHOR: Final = (
    "setpriv", "--pdeathsig", "KILL",
    "unshare", "--mount", "--propagation", "private", "--net", "--pid", "--fork",
    "--kill-child=KILL", "sh", "-c",
    "mount -t tmpfs tmpfs /run && mkdir -p /run/fleet && ip netns add controller && "
    "echo ready && cat; :",
)  # fmt: skip


class Namespaces:
    """A PID, a mount and a network namespace, and in the latter's view a second network.

    The fleet's own network holds the hosts' bridge; the network ``controller`` is where the
    contestants run. /run is a file system of its own that goes with the rest. Needs root.
    ``wrapped`` as for ``DelayLine``.
    """

    def __init__(self, wrapped: Callable[[list[str]], list[str]] = lambda argv: argv) -> None:
        self._outer = subprocess.Popen(
            wrapped(list(_ANCHOR)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            self._await_ready()
            self.leader = self._child()
            run(self.controller_command(["ip", "link", "set", "lo", "up"]))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def network(self) -> Path:
        """The network of the hosts' bridge, as a file."""
        return Path(f"/proc/{self.leader}/ns/net")

    @property
    def controller_network(self) -> Path:
        """The network of the contestants, as a file."""
        return self.seen("/run/netns") / CONTROLLER

    def seen(self, path: str) -> Path:
        """A path of the fleet's mount namespace, as it is seen from here."""
        return Path(f"/proc/{self.leader}/root{path}")

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs ``argv`` in the fleet's namespaces."""
        own = ("--mount", "--net", "--pid")
        return ["nsenter", "--target", str(self.leader), *own, "--", *argv]

    def controller_command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs ``argv`` in the controller's network, and only in that."""
        return ["nsenter", f"--net={self.controller_network}", "--", *argv]

    def close(self) -> None:
        """End every process in it, and wait until they are gone."""
        for stream in (self._outer.stdin, self._outer.stdout):
            if stream is not None:
                stream.close()
        try:
            self._outer.wait(60)
        except subprocess.TimeoutExpired:
            self._outer.kill()
            self._outer.wait()

    def _await_ready(self) -> None:
        if self._outer.stdout is None or self._outer.stdout.readline() != "ready\n":
            raise BenchmarkError("the namespaces can't be made", mend="run it as root")

    def _child(self) -> int:
        listed = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text()
        return int(listed.split()[0])
