"""``python -m lab.mirror``: serve one mirror folder until told to end (SIGTERM or SIGINT)."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from lab.mirror.folder import MirrorFolder
from lab.mirror.server import MirrorServer


def main() -> int:
    """Serve in the foreground; the exit code is 0 after a signal."""
    parser = argparse.ArgumentParser(prog="python -m lab.mirror", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="holds files/, log and faults")
    parser.add_argument("--host", required=True, help="the address to listen on")
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()

    server = MirrorServer(MirrorFolder(asked.folder), asked.host, asked.port)

    def end(*_: object) -> None:
        # shutdown() waits for the loop that this very thread runs.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with server:
        server.serve_forever(poll_interval=0.1)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
