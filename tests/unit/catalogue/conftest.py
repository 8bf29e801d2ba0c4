"""Fixtures of the catalogue's tests: a release server and a signing authority, both stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.catalogue.fulcio_stand_in import authority
from tests.unit.catalogue.vendor_stand_in import Releases, serving


@pytest.fixture
def releases(monkeypatch: pytest.MonkeyPatch) -> Iterator[Releases]:
    """The vendors' servers; ``releases.base`` is their mirror."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as running:
        yield running


@pytest.fixture
def fulcio(tmp_path: Path) -> Path:
    """PEM file of the authority whose signatures count."""
    path = tmp_path / "authority.pem"
    path.write_bytes(authority().pem)
    return path
