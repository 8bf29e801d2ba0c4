"""Projects that are previewed with the real engine; no machine is needed, and none is asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

import toolchain
from tests.engine.program.project import CHECKOUT, STACK, Project

POLICIES = CHECKOUT / "policies"
CANARY = "canary-5b1c9e-of-a-secret"


@dataclass(frozen=True)
class Summarized:
    """What the command printed, its exit code, and what it said beside."""

    text: str
    code: int
    errors: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


def summarized(project: Project, *arguments: str, stack: str = STACK) -> Summarized:
    """`python -m shimyard.preview` in the project's folder."""
    result = subprocess.run(
        [sys.executable, "-m", "shimyard.preview", "--stack", stack, *arguments],
        cwd=project.folder,
        env={**project.environment, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Summarized(result.stdout, result.returncode, result.stderr)


@pytest.fixture(scope="session")
def tools() -> toolchain.Toolchain:
    """The CLI that was built from source, and a Kubernetes provider."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHIMYARD_TOOLCHAIN", "build")
        return toolchain.ensure().with_kubernetes(toolchain.ensure_kubernetes())


@pytest.fixture(scope="module")
def team(tools: toolchain.Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The program of a team that breaks policies if its stack says so."""
    folder = tmp_path_factory.mktemp("review") / "team"
    shutil.copytree(CHECKOUT / "tests/engine/review/team", folder)
    (folder / "stacks").mkdir()
    description = folder / "Pulumi.yaml"
    description.write_text(description.read_text().replace("../../../..", str(CHECKOUT)))
    made = Project.init(tools, folder, {"PYTHONPATH": str(CHECKOUT)})
    made.namespace = "team"
    made.config = {"canary": made.secret(CANARY), "breaks": "true"}
    made.write()
    return made
