"""Platform teams: their own program and component, in a folder of their own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import toolchain
from lab.builds.inventory import BuiltArtifacts
from lab.instance import Lab
from lab.nodes import snapshot
from lab.nodes.node import Node
from tests.engine.program.project import CHECKOUT, Project
from tests.engine.program.stack import stack

TOKEN = "uplink-token-7d1f"


@pytest.fixture(scope="module")
def project(
    tools: toolchain.Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    node: Node,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """The example, copied to where nothing else of Shimyard is."""
    folder = tmp_path_factory.mktemp("team") / "cameras"
    shutil.copytree(CHECKOUT / "tests/engine/example", folder)
    description = folder / "Pulumi.yaml"
    description.write_text(description.read_text().replace("../../..", str(CHECKOUT)))
    made = Project.init(tools, folder, {"PYTHONPATH": str(CHECKOUT)})
    settings = stack(lab, built, [node.name])
    made.namespace = "camera-stations"
    made.config = {
        "node": {**settings["nodes"][0], "ssh": settings["ssh"]},
        "runtime": settings["runtime"],
        "artifacts": settings["artifacts"],
        "uplinkToken": made.secret(TOKEN),
    }
    made.write()
    return made


def test_a_platform_team_composes_nodes_and_files_with_its_own_resource_and_outputs(
    project: Project, node: Node
) -> None:
    blank = node.snapshot()
    shown = project.preview().output
    assert "acme:cameras:CameraStation" in shown
    assert "digests : [unknown]" in shown or "digests: [unknown]" in shown
    assert TOKEN not in shown
    assert TOKEN not in project.up().output

    inventory = json.loads(node.run(["cat", "/etc/cameras/inventory.json"]).stdout)
    assert inventory["station"] == "gate-7"
    assert inventory["machine"] == node.run(["cat", "/etc/machine-id"]).stdout.strip()
    assert node.run(["cat", "/etc/cameras/uplink.token"]).stdout == TOKEN
    assert node.run(["stat", "-c", "%a", "/etc/cameras/uplink.token"]).stdout == "600\n"
    weights = (CHECKOUT / "tests/engine/example/models/defects.weights").read_text()
    assert node.run(["cat", "/opt/models/defects.weights"]).stdout == weights

    assert "6 unchanged" in project.up().output
    Path(project.folder, "models/defects.weights").write_text("retrained\n")
    assert "1 to update" in project.preview().output
    assert "1 updated" in project.up().output
    assert node.run(["cat", "/opt/models/defects.weights"]).stdout == "retrained\n"
    project.destroy()
    assert snapshot.difference(blank, node.snapshot()) == []
