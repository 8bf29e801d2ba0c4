"""Started by ``launcher.sh`` with the folder to import from, then the engine's own arguments."""

from __future__ import annotations

import os
import signal
import sys

# The engine ends a host by SIGINT, which may come while the SDK is still being imported.
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: os._exit(0))

sys.path[0] = sys.argv.pop(1)

try:
    from toolchain.language_host.server import serve
except ImportError as cause:
    print(
        f"The Python language host runs in {sys.executable}, which cannot import what it needs "
        f"({cause}). Install the project's requirements there (pip install pulumi), or activate "
        "the virtualenv that has them.",
        file=sys.stderr,
    )
    sys.exit(1)

if __name__ == "__main__":
    serve()
