"""Places for labs, as all tests with nodes have them."""

from __future__ import annotations

from tests.lab.conftest import place, slot

__all__ = ["place", "slot"]
