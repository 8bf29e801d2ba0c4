"""What passes the delay line, counted by TCP connection; pure, fed packet by packet.

Round trips are the longest chain of packets with payload in which each was sent only after the
one before it had arrived. The line keeps that like a logical clock: a packet carries the round
that its sender is in, and an answer that reaches the controller takes it to the next round. The
handshake of TCP counts as one. So what a sender puts on the way without waiting costs nothing,
just as it costs no time, and a slow machine changes the count less than a stopwatch would.
With no delay hardly anything is on the way at once, and the count means little.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass, field
from typing import Final

_TCP: Final = 6
_SYN: Final = 0x02
_ACK: Final = 0x10


@dataclass(frozen=True)
class Segment:
    """One TCP segment: where from and to, its flags, its bytes of payload."""

    source: tuple[bytes, int]
    target: tuple[bytes, int]
    flags: int
    payload: int


def segment(packet: bytes) -> Segment | None:
    """The segment in an IPv4 packet; None if it holds none. Later fragments have no header."""
    if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != _TCP or packet[6] & 0x1F:
        return None
    header = (packet[0] & 0x0F) * 4
    source, target = struct.unpack_from("!HH", packet, header)
    total = struct.unpack_from("!H", packet, 2)[0]
    offset = (packet[header + 12] >> 4) * 4
    return Segment(
        (packet[12:16], source),
        (packet[16:20], target),
        packet[header + 13],
        max(0, total - header - offset),
    )


@dataclass
class Conversation:
    """One TCP connection. Packets and bytes (of IP, and of payload) by direction.

    ``out`` is from the controller to a host, ``back`` the other way.
    """

    out_packets: int = 0
    out_bytes: int = 0
    out_payload: int = 0
    back_packets: int = 0
    back_bytes: int = 0
    back_payload: int = 0
    round_trips: int = 0
    _at_host: int = field(default=0, repr=False)


@dataclass(frozen=True)
class Traffic:
    """All that passed since the counter was new, or was reset.

    ``connections``: how many the controller has begun. ``round_trips``: of each, in the order of
    beginning. Bytes are of IP packets; ``payload``: what TCP carried, both ways.
    """

    connections: int = 0
    packets: int = 0
    out_bytes: int = 0
    back_bytes: int = 0
    payload: int = 0
    round_trips: tuple[int, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For the line's answer."""
        return asdict(self)


class Counter:
    """Counts packets as the controller's side sends and receives them.

    Call ``leaves`` when the controller sends, ``arrives_there`` when that packet reaches the
    host; ``leaves_host`` and ``arrives_here`` for the other way. Each leaving call returns what
    the arriving call wants back.
    """

    def __init__(self) -> None:
        self._conversations: dict[tuple[tuple[bytes, int], tuple[bytes, int]], Conversation] = {}
        self._begun: list[Conversation] = []

    def leaves(self, packet: bytes) -> tuple[Conversation, int] | None:
        """The controller sends."""
        seen = segment(packet)
        if seen is None:
            return None
        if seen.flags & _SYN and not seen.flags & _ACK:
            conversation = self._conversations.get((seen.source, seen.target))
            if conversation is None or conversation.out_payload:
                conversation = Conversation()
                self._conversations[seen.source, seen.target] = conversation
                self._begun.append(conversation)
        else:
            conversation = self._of(seen.source, seen.target)
        conversation.out_packets += 1
        conversation.out_bytes += len(packet)
        conversation.out_payload += seen.payload
        counts = seen.payload > 0 or bool(seen.flags & _SYN)
        return (conversation, conversation.round_trips) if counts else None

    def arrives_there(self, mark: tuple[Conversation, int] | None) -> None:
        """A host receives what ``leaves`` has marked."""
        if mark is not None:
            conversation, number = mark
            conversation._at_host = max(conversation._at_host, number + 1)

    def leaves_host(self, packet: bytes) -> tuple[Conversation, int] | None:
        """A host sends."""
        seen = segment(packet)
        if seen is None:
            return None
        conversation = self._of(seen.target, seen.source)
        conversation.back_packets += 1
        conversation.back_bytes += len(packet)
        conversation.back_payload += seen.payload
        counts = seen.payload > 0 or bool(seen.flags & _SYN)
        return (conversation, conversation._at_host) if counts else None

    def arrives_here(self, mark: tuple[Conversation, int] | None) -> None:
        """The controller receives what ``leaves_host`` has marked."""
        if mark is not None:
            conversation, number = mark
            conversation.round_trips = max(conversation.round_trips, number)

    def traffic(self) -> Traffic:
        """What has passed."""
        every = list(self._conversations.values())
        every += [each for each in self._begun if all(each is not known for known in every)]
        return Traffic(
            len(self._begun),
            sum(each.out_packets + each.back_packets for each in every),
            sum(each.out_bytes for each in every),
            sum(each.back_bytes for each in every),
            sum(each.out_payload + each.back_payload for each in every),
            tuple(each.round_trips for each in self._begun),
        )

    def _of(self, controller: tuple[bytes, int], host: tuple[bytes, int]) -> Conversation:
        """The connection; one that was begun before the counter was reset counts as not begun."""
        return self._conversations.setdefault((controller, host), Conversation())
