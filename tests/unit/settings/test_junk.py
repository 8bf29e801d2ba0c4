"""Values without a bottom get a SettingsError; tests/fuzz tries everything else."""

from __future__ import annotations

from typing import Any

import pytest

from shimyard.settings import SettingsError, parse
from tests.unit.settings.stacks import WHERE, changed


@pytest.mark.parametrize(
    "path", ["runtime.containerd.options", "nodes", "runtime.engines[0].config"]
)
def test_a_very_deep_value_gets_a_message(path: str) -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(SettingsError):
        parse(changed(path, {"a": deep}), where=WHERE)


def test_a_value_that_contains_itself_gets_a_message() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    raw = changed("runtime.shims[0].options", {})
    raw["runtime"]["shims"][0]["options"] = loop
    with pytest.raises(SettingsError):
        parse(raw, where=WHERE)
