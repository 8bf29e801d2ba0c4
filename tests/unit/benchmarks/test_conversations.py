"""The line counts what a person with a packet dump would."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from benchmarks.delay.conversations import Conversation, Counter, segment

CONTROLLER = (b"\x0a\xe9\xfe\x01", 40000)
HOST = (b"\x0a\xe9\x01\x01", 22)
SYN, ACK = 0x02, 0x10


def packet(
    source: tuple[bytes, int], target: tuple[bytes, int], payload: int, flags: int = ACK
) -> bytes:
    """An IPv4 packet with a TCP segment."""
    total = 40 + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 64, 6, 0, source[0], target[0])
    tcp = struct.pack("!HHIIBBHHH", source[1], target[1], 0, 0, 5 << 4, flags, 0, 0, 0)
    return ip + tcp + bytes(payload)


@dataclass
class Wire:
    """Sends and delivers as the line does."""

    counter: Counter = field(default_factory=Counter)

    def out(self, payload: int, flags: int = ACK) -> tuple[Conversation, int] | None:
        return self.counter.leaves(packet(CONTROLLER, HOST, payload, flags))

    def back(self, payload: int, flags: int = ACK) -> tuple[Conversation, int] | None:
        return self.counter.leaves_host(packet(HOST, CONTROLLER, payload, flags))

    def ask(self, payload: int, answer: int) -> None:
        self.counter.arrives_there(self.out(payload))
        self.counter.arrives_here(self.back(answer))

    def begin(self) -> None:
        self.counter.arrives_there(self.out(0, SYN))
        self.counter.arrives_here(self.back(0, SYN | ACK))


def test_each_question_that_waits_for_its_answer_is_a_round_trip() -> None:
    wire = Wire()
    wire.begin()
    for _ in range(3):
        wire.ask(100, 50)
    seen = wire.counter.traffic()
    assert (seen.connections, seen.round_trips) == (1, (4,))
    assert seen.payload == 450
    assert seen.out_bytes == 4 * 40 + 300


def test_what_is_sent_without_waiting_costs_one_round_trip_together() -> None:
    wire = Wire()
    wire.begin()
    sent = [wire.out(100) for _ in range(5)]
    answers = []
    for mark in sent:
        wire.counter.arrives_there(mark)
        answers.append(wire.back(50))
    for mark in answers:
        wire.counter.arrives_here(mark)
    assert wire.counter.traffic().round_trips == (2,)


def test_an_answer_that_was_on_its_way_before_the_question_came_is_none() -> None:
    wire = Wire()
    wire.begin()
    early = wire.back(50)
    question = wire.out(100)
    wire.counter.arrives_here(early)
    wire.counter.arrives_there(question)
    assert wire.counter.traffic().round_trips == (1,)


def test_acknowledgements_and_what_is_not_tcp_count_for_nothing() -> None:
    wire = Wire()
    wire.begin()
    for _ in range(3):
        wire.counter.arrives_there(wire.out(0))
        wire.counter.arrives_here(wire.back(0))
    assert wire.counter.traffic().round_trips == (1,)
    assert segment(b"\x45" + bytes(8) + b"\x11" + bytes(40)) is None
    assert segment(b"\x60" + bytes(60)) is None
    assert segment(b"") is None


def test_a_connection_from_before_the_reset_is_not_counted_as_begun() -> None:
    wire = Wire()
    wire.ask(10, 10)
    assert wire.counter.traffic().connections == 0
