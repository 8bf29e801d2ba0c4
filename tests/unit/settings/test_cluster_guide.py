"""The examples of the guide to clusters are settings that are accepted."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from shimyard.settings import StackSettings, parse
from tests.unit.settings.stacks import WHERE
from tests.unit.settings.test_cluster import stack
from tests.unit.settings.test_embedded import raw

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "cluster.md"


def test_each_example_of_the_guide_is_accepted() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        machines = raw() if "containerd: embedded" in block else stack()
        sections = {
            key.removeprefix("shimyard:"): value for key, value in yaml.safe_load(block).items()
        }
        assert parse({**machines, **sections}, where=WHERE).cluster is not None


def test_the_guide_names_every_field_of_the_pace_with_its_default() -> None:
    cluster = StackSettings.model_validate(stack()).cluster
    assert cluster is not None
    rollout = cluster.rollout.model_dump(by_alias=True)
    fields = {name: value for name, value in rollout.items() if name != "drain"}
    fields |= {f"drain.{name}": value for name, value in rollout["drain"].items()}
    rows = dict(re.findall(r"(?m)^\| `([\w.]+)` \| (.+?) \|", GUIDE.read_text()))
    assert set(rows) == set(fields)
    for name, value in fields.items():
        wanted = "the pod's own" if value is None else str(value).lower()
        assert rows[name] == wanted
