"""Load on a Service while something happens: how many answers came, and which did not."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.nodes.node import Node
from tests.engine.cluster import asking

PROGRAM = str(Path(asking.__file__))
PATH = "/hello/edge"


@dataclass(frozen=True)
class Way:
    """How a client comes to the Service. ``inside``: it stands in that node's network."""

    name: str
    address: str
    port: int
    inside: Node | None = None

    def command(self) -> list[str]:
        """The command line of the client."""
        client = [sys.executable, PROGRAM, self.address, str(self.port), PATH]
        if self.inside is None:
            return client
        return ["nsenter", f"--net=/proc/{self.inside.leader}/ns/net", "--", *client]


@dataclass
class Load:
    """What the clients tell at their end: answers by the name of the way, and the failures."""

    answers: dict[str, int] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def add(self, name: str, told: str, began: float) -> None:
        """The words of one client."""
        known = json.loads(told)
        self.answers[name], self.slowest[name] = known["answers"], known["slowest"]
        self.failures += [
            f"{time.strftime('%H:%M:%S', time.gmtime(each['at']))} (after {each['at'] - began:.1f} "
            f"s, for {each['seconds']:.1f} s) {name}: {each['reason']}"
            for each in known["failures"]
        ]
        self.failures.sort()


@contextmanager
def load_on(ways: Sequence[Way]) -> Iterator[Load]:
    """Clients on all ``ways`` for the time of the block; what they tell is there after it."""
    load, began = Load(), time.time()
    with ExitStack() as stack:
        clients = [(way.name, stack.enter_context(_client(way.command()))) for way in ways]
        yield load
        for name, client in clients:
            told, _ = client.communicate(timeout=asking.PATIENCE * 2)
            load.add(name, told, began)


@contextmanager
def _client(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as client:
        try:
            yield client
        finally:
            client.kill()
