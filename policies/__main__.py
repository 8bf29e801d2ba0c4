"""Starts the pack: `pulumi preview --policy-pack policies`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# The folder itself is no place to import from: it is the package `policies` of the checkout.
sys.path[0] = str(Path(__file__).resolve().parent.parent)
# The engine gives each plugin the stack's configuration, secrets in plain text. No rule reads it.
os.environ.pop("PULUMI_CONFIG", None)

from policies.pack import start  # noqa: E402

if __name__ == "__main__":
    start()
