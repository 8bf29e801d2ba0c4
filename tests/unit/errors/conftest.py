"""A scene for each case: an empty folder, and vendors' servers that all cases share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.catalogue.vendor_stand_in import Releases, serving
from tests.unit.errors.scene import Scene


@pytest.fixture(scope="module")
def vendors() -> Iterator[Releases]:
    """The vendors' servers; each case publishes under names of its own."""
    with pytest.MonkeyPatch.context() as patch, serving() as running:
        patch.setenv("no_proxy", "127.0.0.1")
        yield running


@pytest.fixture
def scene(tmp_path: Path, vendors: Releases, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Where a case plays."""
    for known in (vendors.files, vendors.statuses, vendors.redirects, vendors.truncated):
        known.clear()
    return Scene(tmp_path, vendors, monkeypatch)
