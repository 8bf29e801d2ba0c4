"""What the engine learns about a project's packages."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from toolchain.language_host.interpreter import Interpreter
from toolchain.language_host.packages import Plugin, plugins_beside, survey


def declare(virtualenv: Path, package: str, document: dict[str, Any] | str) -> None:
    folder = virtualenv / "lib" / "python3.11" / "site-packages" / package
    folder.mkdir(parents=True)
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / "pulumi-plugin.json").write_text(text)


def test_provider_plugins_of_sdk_packages_are_reported(tmp_path: Path) -> None:
    declare(tmp_path, "pulumi_kubernetes", {"resource": True, "name": "kubernetes", "version": "4"})
    declare(
        tmp_path, "pulumi_acme", {"resource": True, "version": "1.0.0", "server": "https://x.test"}
    )
    found = list(plugins_beside(Interpreter(tmp_path / "bin" / "python", tmp_path)))
    assert found == [
        Plugin("acme", "1.0.0", "https://x.test"),
        Plugin("kubernetes", "4", ""),
    ]


def test_packages_without_a_plugin_of_their_own_are_left_out(tmp_path: Path) -> None:
    declare(tmp_path, "pulumi_policy", {"resource": False})
    declare(tmp_path, "pulumi_bridged", {"resource": True, "parameterization": {"name": "x"}})
    declare(tmp_path, "pulumi_broken", "{")
    assert list(plugins_beside(Interpreter(tmp_path / "bin" / "python", tmp_path))) == []
    assert list(plugins_beside(Interpreter(Path(sys.executable)))) == []


def test_a_survey_tells_the_version_and_tells_direct_from_transitive_packages() -> None:
    answer = survey(Interpreter(Path(sys.executable)))
    assert answer.version == "{}.{}.{}".format(*sys.version_info[:3])
    direct = {name.lower(): is_direct for name, _, is_direct in answer.distributions}
    assert direct["fabric"]
    assert not direct["protobuf"]
