"""Very many simulated machines in a network of their own, gone without a trace after the block."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from benchmarks.cgroup import Cgroup
from benchmarks.contestants.stack import CHECKOUT
from benchmarks.errors import BenchmarkError
from benchmarks.hosts.namespaces import Namespaces
from benchmarks.simulation.server import NETWORK, address_of
from lab.commands import run
from lab.nodes.keys import host_key

USER: Final = "edge"


class SimulatedFleet:
    """``count`` machines that stand-ins play, each at an address of its own. Needs root.

    ``folder``: an empty one, for keys. What runs by ``controller_command`` reaches them.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self.count = count
        self.key = folder / "id_ed25519"
        self._folder = folder
        self._stack = ExitStack()

    @property
    def addresses(self) -> list[str]:
        """Of all machines, in their order."""
        return [address_of(number) for number in range(1, self.count + 1)]

    @property
    def host_key(self) -> str:
        """The public key that all of them have: type and key."""
        return " ".join((self._folder / "host_key.pub").read_text().split()[:2])

    def __enter__(self) -> Self:
        with self._stack:
            host_key(self.key, comment="benchmark")
            host_key(self._folder / "host_key", comment="benchmark")
            self.cgroup = Cgroup("hosts")
            self._namespaces = self._stack.enter_context(Namespaces(self.cgroup.wrapped))
            # Every address of the network is this machine's own.
            run(self.controller_command(
                ["ip", "route", "add", "local", str(NETWORK), "dev", "lo"]
            ))  # fmt: skip
            self._start()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def controller_command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs ``argv`` where the machines are reached."""
        return self._namespaces.controller_command(argv)

    def ask(self, *words: str) -> Any:
        """The server's answer to ``look``, ``reset``, ``bare`` or ``drift``."""
        if self._server.stdin is None or self._server.stdout is None:
            raise BenchmarkError("the simulated machines are gone", mend="begin anew")
        self._server.stdin.write(" ".join(words) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        if not answer:
            raise BenchmarkError("the simulated machines have ended", mend="see what they wrote")
        return json.loads(answer)

    def _start(self) -> None:
        module = "benchmarks.simulation.server"
        argv = [sys.executable, "-m", module, str(self._folder), str(self.count)]
        self._server = subprocess.Popen(
            self.cgroup.wrapped(self.controller_command(argv)),
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.callback(self._end)
        if self._server.stdout is None or self._server.stdout.readline() != "ready\n":
            raise BenchmarkError("the simulated machines don't start", mend="see what they wrote")

    def _end(self) -> None:
        for stream in (self._server.stdin, self._server.stdout):
            if stream is not None:
                stream.close()
        self._server.kill()
        self._server.wait()
