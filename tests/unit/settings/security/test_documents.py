"""The example that people copy is settings that are accepted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from shimyard.settings.security.rules import profiles_of
from tests.unit.settings.workloads.apps import accepted

GUIDES = Path(__file__).parents[4] / "docs" / "how-to"


def example_of(guide: str) -> dict[str, Any]:
    (example, *_) = re.findall(r"```yaml\n(.*?)```", (GUIDES / guide).read_text(), re.DOTALL)
    return {key.removeprefix("shimyard:"): value for key, value in yaml.safe_load(example).items()}


def test_the_example_of_signed_images_is_accepted() -> None:
    settings = accepted(**example_of("signed-images.md"), apps=[], hybridApps=[])
    assert [settings.security.signs(each.name) for each in settings.namespaces] == [True, False]


def test_the_example_of_the_guide_is_accepted() -> None:
    settings = accepted(**example_of("capabilities.md"), hybridApps=[])
    (app,) = settings.apps
    assert [each.name for each in profiles_of(settings, app.namespace)] == [app.profile]
