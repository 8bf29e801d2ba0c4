"""What a test says to an MQTT broker and hears from it, by mosquitto's own clients."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TextIO

from lab.gateway.mosquitto import publish, subscribe
from tests import modbus

SECONDS = 20


@dataclass(frozen=True)
class Client:
    """Somebody at a broker; without a ``user``, nobody in particular."""

    address: str
    port: int
    user: str | None = None
    password: str = ""
    more: tuple[str, ...] = ()

    def says(self, topic: str, payload: str) -> None:
        """Publish a message, at least once; it does not say whether it was let."""
        argv = publish(*self._where(), "-q", "1", "-t", topic, "-m", payload)
        subprocess.run(argv, check=True, capture_output=True, timeout=SECONDS)

    def refusal(self) -> str:
        """Why the broker does not let it in."""
        argv = subscribe(*self._where(), "-t", "#", "-W", "5")
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode != 0
        return done.stdout + done.stderr

    @contextmanager
    def hears(self, topic: str) -> Iterator[Heard]:
        """What is published at a topic, from the moment on at which the block begins."""
        argv = subscribe(*self._where(), "-q", "1", "-t", topic, "-F", "%t %p", "-d")
        # Into a pipe it would write once it has a page full.
        ours, its = os.openpty()
        with (
            os.fdopen(ours, encoding="utf-8") as lines,
            subprocess.Popen(argv, stdout=its) as process,
        ):
            os.close(its)
            heard = Heard(lines)
            try:
                heard.wait_subscribed()
                yield heard
            finally:
                # Its handler of SIGTERM takes a lock that it may hold already, and then never ends.
                process.kill()
                heard.end()

    def _where(self) -> list[str]:
        who = [] if self.user is None else ["-u", self.user, "-P", self.password]
        return ["-h", self.address, "-p", str(self.port), *who, *self.more]


class Heard:
    """The readings that a subscriber has heard, as (topic, reading)."""

    def __init__(self, terminal: TextIO) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self._terminal = terminal
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_subscribed(self) -> None:
        """Wait until the broker has heard of it."""
        while "SUBACK" not in self._line():
            pass

    def until(self, topic: str, value: Any) -> list[tuple[str, Any]]:
        """(topic, value) of all that came up to the first one that is asked for."""
        found: list[tuple[str, Any]] = []
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            line = self._line()
            if not line.startswith(("Client ", "Subscribed ")):
                at, _, payload = line.partition(" ")
                found.append((at, json.loads(payload)["value"]))
                if found[-1] == (topic, value):
                    return found
        raise AssertionError(f"{topic} was not heard as {value} for {SECONDS} s: {found[-9:]}")

    def end(self) -> None:
        """Wait for the last of what the subscriber has to say."""
        self._reader.join(SECONDS)

    def _line(self) -> str:
        try:
            return self._lines.get(timeout=SECONDS)
        except queue.Empty:
            raise AssertionError(f"nothing was heard for {SECONDS} s") from None

    def _read(self) -> None:
        # A terminal that nobody writes to any more ends with an error.
        with suppress(OSError):
            for line in self._terminal:
                self._lines.put(line.strip())


class Device:
    """A Modbus device that runs; see ``tests/modbus.py``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._told()

    def set(self, table: str, address: int, *values: int) -> None:
        """Set values that stand one after the other; the last one first, then the others."""
        assert self._process.stdin is not None
        for index, value in reversed(list(enumerate(values))):
            self._process.stdin.write(f"{table} {address + index} {value}\n")
            self._process.stdin.flush()
            self._told()

    def stop(self) -> None:
        """End it, if it has not ended yet."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(SECONDS) == 0

    def _told(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "the device has ended"


@contextmanager
def device(address: str, port: int, unit: int = 1, inside: Sequence[str] = ()) -> Iterator[Device]:
    """A Modbus device. ``inside``: a command before it, that takes it to another network."""
    argv = [*inside, sys.executable, str(modbus.__file__), address, str(port), str(unit)]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        found = Device(process)
        yield found
        found.stop()
