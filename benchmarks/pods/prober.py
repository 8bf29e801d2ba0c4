"""Asks each new pod of a node until it answers. Runs in the node's network.

    python prober.py FOLDER

FOLDER: where the network's host-local plugin keeps a file for each address that it gives. Prints a
line with an address and the monotonic clock, in seconds, when a pod has answered 200 for the first
time; those that are there at the start are not asked. Runs until it is ended.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

_PORT = 8080
_REQUEST = b"GET /healthz HTTP/1.1\r\nhost: pod\r\nconnection: close\r\n\r\n"
_PAUSE = 0.002


def main() -> None:
    """See above."""
    folder = Path(sys.argv[1])
    known = set(_addresses(folder))
    waiting: set[str] = set()
    print("ready", flush=True)
    while True:
        present = set(_addresses(folder))
        waiting = (waiting | (present - known)) & present
        known |= present
        for address in sorted(waiting):
            if answers(address):
                print(address, time.monotonic(), flush=True)
                waiting.discard(address)
        time.sleep(_PAUSE)


def _addresses(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [each.name for each in folder.iterdir() if each.name[0].isdigit()]


def answers(address: str, port: int = _PORT) -> bool:
    """Whether what listens there answers 200."""
    try:
        with socket.create_connection((address, port), timeout=0.5) as connection:
            connection.sendall(_REQUEST)
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


if __name__ == "__main__":
    main()
