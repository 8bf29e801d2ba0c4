"""Started by ``launcher.sh`` with the folder to import from, then the engine's own arguments."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import types

# The engine ends a host by SIGINT, which may come while the SDK is still being imported.
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: os._exit(0))

sys.path[0] = sys.argv.pop(1)


def _skip_sdk_startup() -> None:
    """Make ``pulumi.runtime.proto`` importable without the rest of the SDK.

    The host needs the generated protocol classes only; all of the SDK costs 0.2 s more at every
    command, because the engine waits for the host.
    """
    spec = importlib.util.find_spec("pulumi")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("pulumi", "pulumi.runtime"):
            package = types.ModuleType(name)
            package.__path__ = [os.path.join(os.path.dirname(folder), *name.split("."))]  # noqa: PTH118, PTH120
            sys.modules[name] = package


_skip_sdk_startup()

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
