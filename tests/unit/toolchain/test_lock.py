"""The lock file: the committed one is sound, a damaged one is refused with its path."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolchain.build import MODULE
from toolchain.errors import LockError
from toolchain.lock import LOCK_PATH, load_lock


def test_the_committed_lock_is_sound_and_agrees_with_the_go_module() -> None:
    lock = load_lock()
    module = (MODULE / "go.mod").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 v{lock.build_version} " in module
    assert "replace github.com/atotto/clipboard => github.com/tgummerer/clipboard" in module
    assert (
        f"github.com/pulumi/pulumi/pkg/v3 v{lock.build_version} h1:"
        in (MODULE / "go.sum").read_text()
    )
    assert {"linux-x64", "linux-arm64"} <= set(lock.archives)


def _digest(document: dict[str, Any]) -> None:
    document["download"]["archives"]["linux-x64"] = "0xyz"


def _source(document: dict[str, Any]) -> None:
    del document["download"]["checksum_source"]


def _minimum(document: dict[str, Any]) -> None:
    document["minimum"] = "9.0.0"


def _missing(document: dict[str, Any]) -> None:
    del document["build"]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_digest, "linux-x64 is not 64 hex digits"),
        (_source, "where the digests come from"),
        (_minimum, "older than its own minimum"),
        (_missing, "KeyError"),
    ],
)
def test_a_damaged_lock_is_refused_with_its_path(
    tmp_path: Path, damage: Callable[[dict[str, Any]], None], says: str
) -> None:
    document = json.loads(LOCK_PATH.read_text())
    damage(document)
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document))
    with pytest.raises(LockError, match=says) as caught:
        load_lock(broken)
    assert caught.value.path == broken


def test_a_lock_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(LockError, match="cannot be read"):
        load_lock(tmp_path / "broken.json")
