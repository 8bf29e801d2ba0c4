"""The registry's config; that the real registry takes it is tested in tests/lab."""

from __future__ import annotations

import json
from pathlib import Path

from lab.registry import serves, write_config


def test_all_that_a_registry_stores_goes_with_the_lab(tmp_path: Path) -> None:
    config = json.loads(write_config(tmp_path / "registry", "10.213.0.1:5000").read_text())

    assert config["storage"]["filesystem"]["rootdirectory"] == str(tmp_path / "registry/storage")
    assert config["http"]["addr"] == "10.213.0.1:5000"


def test_a_registry_that_is_down_does_not_serve() -> None:
    assert not serves("http://127.0.0.1:1")
