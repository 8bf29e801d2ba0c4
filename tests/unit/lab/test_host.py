"""What the lab changes of its machine: one limit, only when it is too low."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import host


def test_more_nodes_than_the_machine_has_watches_for_raise_the_limit_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = tmp_path / "max_user_instances"
    limit.write_text("128\n")
    monkeypatch.setattr(host, "INOTIFY", limit)
    assert host.ensure_watches(1) is None
    assert limit.read_text() == "128\n"
    said = host.ensure_watches(30)
    assert said == "raised fs.inotify.max_user_instances from 128 to 3840 for 30 nodes"
    assert limit.read_text() == "3840"
    assert host.ensure_watches(30) is None
