"""A client that asks one address over and over, each time over a new connection.

A program of its own, so that it can stand in the network of a node: ``asking.py ADDRESS PORT
PATH``. It asks until its input ends, and then prints as JSON how many answers it got, the seconds
of the slowest, and each request that was not answered with 200: when it was begun and why.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import Any

AT_ONCE = 2
# Lost packets are sent again for up to 7 s: a client that waits for less would see failures that
# are none.
PATIENCE = 15.0
PAUSE = 0.1


class Client:
    """Asks until ``ended`` is set."""

    def __init__(self, address: str, port: int, path: str) -> None:
        self.ended = threading.Event()
        self._where = (address, port, path)
        self._guard = threading.Lock()
        self._answers = 0
        self._slowest = 0.0
        self._failures: list[dict[str, Any]] = []

    def ask_on(self) -> None:
        """One request after the other."""
        while not self.ended.wait(PAUSE):
            at, began = time.time(), time.monotonic()
            reason = ask(*self._where)
            seconds = time.monotonic() - began
            with self._guard:
                if reason is None:
                    self._answers += 1
                    self._slowest = max(self._slowest, seconds)
                else:
                    self._failures.append({"at": at, "seconds": seconds, "reason": reason})

    def told(self) -> dict[str, Any]:
        """All of it."""
        return {"answers": self._answers, "slowest": self._slowest, "failures": self._failures}


def ask(address: str, port: int, path: str) -> str | None:
    """Why a request was not answered with 200; None if it was."""
    connection = http.client.HTTPConnection(address, port, timeout=PATIENCE)
    step = "connect"
    try:
        connection.connect()
        step = "answer"
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"{step}: {type(error).__name__}: {error}"
    finally:
        connection.close()
    return None if answer.status == http.HTTPStatus.OK else f"{answer.status}: {body[:80]!r}"


def main() -> None:
    """Ask until the input ends."""
    client = Client(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    threads = [threading.Thread(target=client.ask_on) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    client.ended.set()
    for thread in threads:
        thread.join()
    json.dump(client.told(), sys.stdout)


if __name__ == "__main__":
    main()
