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


def example_with(*starts: str) -> dict[str, Any]:
    """The example's sections, with those that are commented out and start so."""
    text = EXAMPLE.read_text()
    for start in starts:
        (commented,) = re.findall(rf"^{re.escape(start)}(?: *# .*\n)+", text, re.MULTILINE)
        text = text.replace(commented, re.sub(r"^( *)# ", r"\1", commented, flags=re.MULTILINE))
    config = yaml.safe_load(re.sub(r"\{secure: .*?\}", "hush-hush", text))["config"]
    return {key.removeprefix("shimyard:"): value for key, value in config.items()}


WASMTIME = "      # - name: wasmtime\n"


def test_the_sections_of_the_example_that_need_another_shim_are_accepted_with_it() -> None:
    settings = parse(example_with(WASMTIME, "  # shimyard:hybridApps:\n"), where=WHERE)
    assert [shim.name for shim in settings.runtime.shims] == ["spin", "wasmtime"]
    (hybrid,) = settings.hybrid_apps
    assert hybrid.sidecar is not None


def test_the_parts_of_the_platform_that_need_another_shim_or_cluster_are_accepted_with_it() -> None:
    parts = [f"    # {part}:\n" for part in ("pluginHosts", "iotGateways", "edgeAi")]
    sections = example_with(WASMTIME, *parts, "        # - namespace: default\n")
    sections["cluster"]["version"] = "1.36.3+k3s1"
    sections["runtime"]["shims"][-1]["wasiNn"] = ["onnx"]
    model = {"path": "/opt/models/defects.onnx", "source": "defects.onnx", "sha256": "ab" * 32}
    sections["files"].append(model)
    platform = parse(sections, where=WHERE).platform
    assert all([platform.plugin_hosts, platform.iot_gateways, platform.edge_ai])
