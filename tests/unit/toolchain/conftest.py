"""Every test has a cache of its own and none of the machine's settings."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("SHIMYARD_CACHE", str(folder))
    for name in ("SHIMYARD_TOOLCHAIN", "SHIMYARD_PULUMI_MIRROR", "SHIMYARD_PULUMI_SHA256"):
        monkeypatch.delenv(name, raising=False)
    return folder
