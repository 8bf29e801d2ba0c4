"""A stand-in for sshd and very many machines: one SSH server for every address of a network.

`python -m benchmarks.simulation.server FOLDER COUNT`: FOLDER has host_key and id_ed25519.pub. It
says "ready", and then answers each line of its standard input (look, reset, drift NUMBER, bare)
with a line of JSON. The handshake, the encryption, the channels are SSH's own, by Paramiko.
"""

from __future__ import annotations

import gzip
import json
import logging
import resource
import shlex
import socket
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Final

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from benchmarks.simulation.cluster import SimulatedCluster
from benchmarks.simulation.machine import SimulatedMachine, UnknownCommandError
from shimyard.node.program import INSTALL, READERS
from shimyard.node.scripts import PROGRAM

NETWORK: Final = IPv4Network("10.234.0.0/16")
_FIRST: Final = 257
_ABSENT: Final = 90
_NO_ANSWER: Final = 97
_THREADS: Final = 256
_CHUNK: Final = 1 << 18
_DRIFT: Final = "0" * 64


def address_of(number: int) -> str:
    """The address of a machine; the first has number 1."""
    return str(NETWORK[_FIRST + number - 1])


class Machines:
    """All machines by number, and a count of who was asked."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: Counter[int] = Counter()
        self.unanswered: list[str] = []
        self._guard = threading.Lock()
        self.make()

    def make(self) -> None:
        """All machines are bare."""
        cluster = SimulatedCluster()
        numbers = range(1, self.count + 1)
        self.machines = {number: SimulatedMachine(number, cluster) for number in numbers}
        self.cluster = cluster

    def at(self, address: str) -> tuple[int, SimulatedMachine]:
        """The machine at an address. Raises ``KeyError``: there is none."""
        number = int(IPv4Address(address)) - int(NETWORK[_FIRST]) + 1
        return number, self.machines[number]

    def connected(self, number: int) -> None:
        """Somebody has logged in."""
        with self._guard:
            self.asked[number] += 1

    def order(self, words: Sequence[str]) -> Any:
        """The answer to a line of the harness."""
        if words[0] == "look":
            return self._look()
        if words[0] == "bare":
            self.make()
        if words[0] in {"bare", "reset"}:
            with self._guard:
                self.asked.clear()
        if words[0] == "drift":
            things = self.machines[int(words[1])].things
            things[words[2]] = replace(things[words[2]], sha256=words[3])
        return {}

    def _look(self) -> dict[str, Any]:
        with self._guard:
            asked = dict(self.asked)
        return {
            "connections": sum(asked.values()),
            "machines": len(asked),
            "unanswered": self.unanswered[:5],
            "resources": {n: sorted(m.resources) for n, m in self.machines.items()},
            "digests": {
                number: {path: thing.sha256 for path, thing in machine.things.items()
                         if path.startswith("/etc/edge/")}
                for number, machine in self.machines.items()
            },
            "labels": {name: node.labels for name, node in self.cluster.nodes.items()},
        }  # fmt: skip

    def answer(self, number: int, command: str, channel: paramiko.Channel) -> None:
        """Run a command of a session, and end its channel."""
        try:
            code, out = self._run(self.machines[number], shlex.split(command), channel)
        except (UnknownCommandError, KeyError, IndexError) as error:
            self.unanswered.append(f"machine {number}: {error!r} in {command[-200:]}")
            code, out = _NO_ANSWER, ""
        try:
            channel.sendall(out.encode())
            channel.send_exit_status(code)
            channel.shutdown_write()
            channel.close()
        except (OSError, EOFError):
            # Whoever has asked is gone.
            return

    def _run(
        self, machine: SimulatedMachine, words: Sequence[str], channel: paramiko.Channel
    ) -> tuple[int, str]:
        plain = words[3:] if words[:3] == ["sudo", "-n", "--"] else words
        if plain[:2] == ["/bin/sh", "-s"]:
            script = _read(channel).decode()
            verb = next((verb for verb, text in READERS.items() if text == script), None)
            if verb is None:
                raise UnknownCommandError("a script")
            return machine.run(verb, (), b"")
        if plain[:3] == ["/bin/sh", "-c", INSTALL]:
            machine.has_program = gzip.decompress(_read(channel)) == PROGRAM.encode()
            return (0 if machine.has_program else 1), ""
        if plain[:2] != ["/bin/sh", "-c"] or plain[3] != "shimyard":
            raise UnknownCommandError("no call of our program")
        if not machine.has_program:
            return _ABSENT, ""
        verb, arguments = plain[4], plain[5:]
        return machine.run(verb, arguments, _read(channel) if verb == "receive" else b"")


def _read(channel: paramiko.Channel) -> bytes:
    pieces = []
    while piece := channel.recv(_CHUNK):
        pieces.append(piece)
    return b"".join(pieces)


class _Login(paramiko.ServerInterface):
    """One key may log in, and each session may run commands."""

    def __init__(
        self, machines: Machines, number: int, key: paramiko.PKey, pool: ThreadPoolExecutor
    ) -> None:
        self._machines = machines
        self._number = number
        self._key = key
        self._pool = pool

    def get_allowed_auths(self, _username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, _username: str, key: paramiko.PKey) -> int:
        return AUTH_SUCCESSFUL if key == self._key else AUTH_FAILED

    def check_channel_request(self, _kind: str, _chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self._pool.submit(self._machines.answer, self._number, command.decode(), channel)
        return True


def serve(folder: Path, count: int) -> None:
    """Until standard input ends."""
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    logging.getLogger("paramiko").propagate = False
    key = paramiko.Ed25519Key.from_private_key_file(str(folder / "host_key"))
    user = paramiko.Ed25519Key.from_private_key_file(str(folder / "id_ed25519"))
    machines = Machines(count)
    # Each connection is an open file.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    listening = socket.create_server(("", 22), backlog=1024)
    threading.Thread(target=_accept, args=(listening, machines, key, user), daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(machines.order(line.split())), flush=True)


def _accept(
    listening: socket.socket, machines: Machines, key: paramiko.PKey, user: paramiko.PKey
) -> None:
    pool = ThreadPoolExecutor(_THREADS)
    while True:
        connection, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            number, _ = machines.at(connection.getsockname()[0])
        except KeyError:
            connection.close()
            continue
        machines.connected(number)
        transport = paramiko.Transport(connection)
        transport.add_server_key(key)
        transport.start_server(threading.Event(), _Login(machines, number, user, pool))


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
