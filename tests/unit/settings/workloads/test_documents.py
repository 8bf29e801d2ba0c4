"""The examples that people copy are settings that are accepted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from shimyard.settings import StackSettings, parse
from tests.unit.settings.stacks import WHERE
from tests.unit.settings.workloads.apps import APP, stack

ROOT = Path(__file__).parents[4]
GUIDE = ROOT / "docs" / "how-to" / "workloads.md"
EXAMPLE = ROOT / "stacks" / "Pulumi.edge-production.yaml"


def read(part: dict[str, Any]) -> StackSettings:
    """The valid stack with the guide's ``part``: sections, or fields of an app."""
    sections = {key.removeprefix("shimyard:"): value for key, value in part.items()}
    if any(key.startswith("shimyard:") for key in part):
        return parse({**stack(), "apps": [], "hybridApps": [], **sections}, where=WHERE)
    return parse({**stack(), "apps": [{**APP, **sections}]}, where=WHERE)


def test_each_example_of_the_guide_is_accepted() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    parts = [yaml.safe_load(re.sub(r"\{secure: .*?\}", "hush", block)) for block in blocks]
    assert len(parts) == 5
    for part in parts:
        settings = read(part)
        assert settings.apps or settings.hybrid_apps


def test_the_sections_of_the_example_that_need_another_shim_are_accepted_with_it() -> None:
    text = EXAMPLE.read_text()
    for start in ("      # - name: wasmtime\n", "  # shimyard:hybridApps:\n"):
        (commented,) = re.findall(rf"^{re.escape(start)}(?: *# .*\n)+", text, re.MULTILINE)
        text = text.replace(commented, re.sub(r"^( *)# ", r"\1", commented, flags=re.MULTILINE))
    config = yaml.safe_load(text)["config"]
    sections = {key.removeprefix("shimyard:"): value for key, value in config.items()}
    settings = parse(sections, where=WHERE)
    assert [shim.name for shim in settings.runtime.shims] == ["spin", "wasmtime"]
    (hybrid,) = settings.hybrid_apps
    assert hybrid.sidecar is not None
