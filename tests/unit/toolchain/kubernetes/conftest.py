"""Nothing of this machine's own Pulumi decides a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.kubernetes.download import MIRROR, SHA256
from toolchain.kubernetes.lock import KubernetesLock


@pytest.fixture(autouse=True)
def pulumi_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "pulumi-home"
    monkeypatch.setenv("PULUMI_HOME", str(home))
    for name in (MIRROR, SHA256):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose PATH has nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def lock() -> KubernetesLock:
    return KubernetesLock("4.34.2", "http://127.0.0.1:9", {})
