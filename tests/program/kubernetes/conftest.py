"""What `Workloads` asks a cluster for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Rendered:
    """The resources that were registered, and the exports."""

    resources: list[dict[str, Any]]
    exports: dict[str, Any]

    @property
    def objects(self) -> dict[str, dict[str, Any]]:
        """'Kind/resource name' -> the object, for everything in the cluster."""
        return {
            f"{each['inputs']['kind']}/{each['name']}": each["inputs"]
            for each in self.resources
            if each["type"].startswith("kubernetes:")
        }

    def resource(self, kind: str, name: str) -> dict[str, Any]:
        """The registration of one resource, by the last part of its type and its name."""
        (found,) = (
            each
            for each in self.resources
            if each["type"].rpartition(":")[2] == kind and each["name"] == name
        )
        return found


@cache
def _rendered(configuration: str) -> Rendered:
    result = subprocess.run(
        [sys.executable, "-m", "tests.program.kubernetes.rendered"],
        input=configuration,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return Rendered(**json.loads(result.stdout))


Render = Callable[[dict[str, Any]], Rendered]


@pytest.fixture(scope="session")
def render() -> Render:
    return lambda settings: _rendered(json.dumps(settings))
