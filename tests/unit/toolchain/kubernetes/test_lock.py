"""The plugin's lock: a damaged one is refused with its path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolchain.errors import LockError
from toolchain.kubernetes.lock import LOCK_PATH, load_kubernetes_lock


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"archives": {"linux-amd64": "0xyz"}}, "linux-amd64 is not 64 hex digits"),
        ({"archives": {"linux-amd64": "0" * 64}}, "where the digests come from"),
        ({"version": "new"}, "is not a version number"),
        ({"mirror": None, "archives": 7}, "TypeError"),
    ],
)
def test_a_damaged_lock_is_refused_with_its_path(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(json.loads(LOCK_PATH.read_text()) | change))
    with pytest.raises(LockError, match=says) as caught:
        load_kubernetes_lock(broken)
    assert caught.value.path == broken
