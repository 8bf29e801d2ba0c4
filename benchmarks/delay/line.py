"""The delay line's process: `python -m benchmarks.delay.line NEAR FAR`, namespaces as files.

It answers each line of its input with one line of JSON: `delay SECONDS` (one way, from now on),
`reset` (count anew), `traffic`. It ends with its input.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final

from benchmarks.delay.conversations import Conversation, Counter
from benchmarks.delay.tun import open_tun

NEAR: Final = "near"
FAR: Final = "far"
_LARGEST: Final = 65536
# Enough to empty a device's queue, and few enough not to keep what is due waiting.
_AT_ONCE: Final = 64

Mark = tuple[Conversation, int] | None
Waiting = deque[tuple[float, bytes, Mark]]


class Line:
    """Two TUN devices, and the packets that are on the way between them."""

    def __init__(self, near: int, far: int) -> None:
        self.near, self.far = near, far
        self.delay = 0.0
        self.counter = Counter()
        self._out: Waiting = deque()
        self._back: Waiting = deque()

    def due(self) -> float | None:
        """Seconds until the next packet is due; None if none is on the way."""
        first = [queue[0][0] for queue in (self._out, self._back) if queue]
        return max(0.0, min(first) - time.monotonic()) if first else None

    def take(self, descriptor: int) -> None:
        """Read what a device has; it is due after the delay."""
        outwards = descriptor == self.near
        queue = self._out if outwards else self._back
        mark = self.counter.leaves if outwards else self.counter.leaves_host
        for _ in range(_AT_ONCE):
            try:
                packet = os.read(descriptor, _LARGEST)
            except BlockingIOError:
                return
            queue.append((time.monotonic() + self.delay, packet, mark(packet)))

    def deliver(self) -> None:
        """Write what is due."""
        now = time.monotonic()
        while self._out and self._out[0][0] <= now:
            _, packet, mark = self._out.popleft()
            self.counter.arrives_there(mark)
            _write(self.far, packet)
        while self._back and self._back[0][0] <= now:
            _, packet, mark = self._back.popleft()
            self.counter.arrives_here(mark)
            _write(self.near, packet)

    def obey(self, command: str) -> dict[str, object]:
        """Carry out one line of input."""
        words = command.split()
        if words[:1] == ["delay"]:
            self.delay = float(words[1])
        elif words == ["reset"]:
            self.counter = Counter()
        elif words != ["traffic"]:
            raise ValueError(f"not a command: {command!r}")
        return self.counter.traffic().as_json()


def _write(descriptor: int, packet: bytes) -> None:
    try:
        os.write(descriptor, packet)
    except OSError:
        # A device that is down, or full: the packet is lost, as on any line.
        return


def serve(line: Line) -> None:
    """Until the input ends."""
    standard_input = sys.stdin.fileno()
    sources = (line.near, line.far, standard_input)
    print(json.dumps({}), flush=True)
    while True:
        # Not epoll, which waits for whole milliseconds.
        for descriptor in select.select(sources, (), (), line.due())[0]:
            if descriptor != standard_input:
                line.take(descriptor)
                continue
            command = sys.stdin.readline()
            if not command:
                return
            print(json.dumps(line.obey(command)), flush=True)
        line.deliver()


def main() -> None:
    """NEAR: the namespace of the controller; FAR: that of the hosts' bridge."""
    near, far = (Path(name) for name in sys.argv[1:3])
    serve(Line(open_tun(near, NEAR), open_tun(far, FAR)))


if __name__ == "__main__":
    main()
