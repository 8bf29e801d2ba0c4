"""What a machine is proven to run, as an output."""

from __future__ import annotations

from typing import Any

from shimyard.node.facts import Facts
from shimyard.settings import RuntimeSettings


def handlers_of(runtime: RuntimeSettings, facts: Facts, *, runc: str) -> dict[str, dict[str, Any]]:
    """Handler -> shim, version, canary, milliseconds. ``runc``: the version of what brings it."""
    shims = {"runc": ("runc", runc)}
    shims |= {shim.handler: (shim.name, shim.version) for shim in runtime.shims}
    handlers = {}
    for handler, (shim, version) in shims.items():
        canary = facts.generations.canaries.get(handler)
        handlers[handler] = {
            "shim": shim,
            "version": version,
            "canary": "not run" if canary is None else canary.result,
            "milliseconds": 0 if canary is None else canary.milliseconds,
        }
    return handlers
