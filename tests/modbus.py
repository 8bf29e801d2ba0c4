"""A Modbus TCP server, as devices are: ``modbus.py ADDRESS PORT UNIT``.

A program of its own, so that it can stand in the network of a node. Each line of its input sets
one value, such as ``holding 0 215`` or ``coil 3 1``; after it, and once it listens, it prints a
line. All others are absent: whoever asks for one gets the exception 2. It ends with its input.

Source: MODBUS Application Protocol 1.1b3, functions 1 to 4, and Messaging on TCP/IP 1.0b.
"""

from __future__ import annotations

import socketserver
import struct
import sys
import threading

TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2


class Device(socketserver.ThreadingTCPServer):
    """Answers for one unit out of ``values``: (table, address) -> 16 bits, or one."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], unit: int) -> None:
        super().__init__(address, Connection)
        self.unit = unit
        self.values: dict[tuple[str, int], int] = {}

    def answer(self, function: int, rest: bytes) -> bytes:
        """The answer to a request, without its header."""
        table = TABLES.get(function)
        if table is None:
            return bytes([function | 0x80, ILLEGAL_FUNCTION])
        first, count = struct.unpack(">HH", rest[:4])
        found = [self.values.get((table, first + index)) for index in range(count)]
        known = [value for value in found if value is not None]
        if len(known) < count:
            return bytes([function | 0x80, ILLEGAL_ADDRESS])
        if table in ("coil", "discrete"):
            bits = sum(value << index for index, value in enumerate(known))
            content = bits.to_bytes(-(-count // 8), "little")
        else:
            content = struct.pack(f">{count}H", *known)
        return bytes([function, len(content)]) + content


class Connection(socketserver.StreamRequestHandler):
    """One client, for as long as it asks."""

    server: Device

    def handle(self) -> None:
        """Answer requests one after the other; another unit's get none."""
        while len(header := self.rfile.read(7)) == 7:
            number, _, length, unit = struct.unpack(">HHHB", header)
            body = self.rfile.read(length - 1)
            if unit != self.server.unit:
                continue
            told = self.server.answer(body[0], body[1:])
            self.wfile.write(struct.pack(">HHHB", number, 0, len(told) + 1, unit) + told)


def main() -> None:
    """Serve until the input ends."""
    device = Device((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]))
    threading.Thread(target=device.serve_forever, daemon=True).start()
    print("listening", flush=True)
    for line in sys.stdin:
        table, address, value = line.split()
        device.values[table, int(address)] = int(value)
        print("set", flush=True)


if __name__ == "__main__":
    main()
