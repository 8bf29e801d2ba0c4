"""What passes an interface of this machine, counted by TCP port of the nearer end's service."""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from benchmarks.delay.conversations import segment
from benchmarks.errors import BenchmarkError

_ALL_PROTOCOLS: Final = 3
# linux/if_packet.h
_SOL_PACKET: Final = 263
_PACKET_STATISTICS: Final = 6
_RECEIVE_BUFFER_FORCE: Final = 33
_BUFFER: Final = 64 * 1024 * 1024
# Headers are enough; the rest is not copied.
_SNAPPED: Final = 128
_LOOK_SECONDS: Final = 0.1


@dataclass
class Tap:
    """Listens inside the block, for what is carried to and from the services at ``ports``.

    ``sent`` and ``answered``: port -> bytes that TCP carried to the service, and from it.
    Raises ``BenchmarkError`` if the machine was too slow to see every packet.
    """

    interface: str
    ports: frozenset[int]
    sent: dict[int, int] = field(default_factory=dict)
    answered: dict[int, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._socket = socket.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PROTOCOLS)
        )
        self._socket.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, _BUFFER)
        self._socket.bind((self.interface, _ALL_PROTOCOLS))
        self._socket.settimeout(_LOOK_SECONDS)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        told = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        self._socket.close()
        dropped = struct.unpack("II", told)[1]
        if kind is None and dropped:
            raise BenchmarkError(
                f"{dropped} packets passed {self.interface} uncounted",
                mend="measure again on a machine that has less to do",
            )

    def _listen(self) -> None:
        while True:
            try:
                packet = self._socket.recv(_SNAPPED)
            except TimeoutError:
                if self._ended.is_set():
                    return
                continue
            seen = segment(packet)
            if seen is None:
                continue
            for port, counted in ((seen.target[1], self.sent), (seen.source[1], self.answered)):
                if port in self.ports:
                    counted[port] = counted.get(port, 0) + seen.payload
