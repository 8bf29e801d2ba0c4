"""One lab node for most tests of this folder: everything that can go wrong, provoked."""

from __future__ import annotations

from tests.engine.node.conftest import built, edge, edge_lab, fresh, session, settings
from tests.lab.conftest import place, slot

__all__ = ["built", "edge", "edge_lab", "fresh", "place", "session", "settings", "slot"]
