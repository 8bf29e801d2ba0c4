"""The example that people copy is settings that are accepted."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from shimyard.settings.security.rules import profiles_of
from tests.unit.settings.workloads.apps import accepted

GUIDE = Path(__file__).parents[4] / "docs" / "how-to" / "capabilities.md"


def test_the_example_of_the_guide_is_accepted() -> None:
    (example, *_) = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    sections = {
        key.removeprefix("shimyard:"): value for key, value in yaml.safe_load(example).items()
    }
    settings = accepted(**sections, hybridApps=[])
    (app,) = settings.apps
    assert [each.name for each in profiles_of(settings, app.namespace)] == [app.profile]
