"""A change of a real machine, as a reviewer reads it."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import Any

import pytest

from lab.nodes.node import Node
from tests.engine.program.project import CHECKOUT, STACK, Project
from tests.unit.preview.reading import read_page

SECRET = "canary-9f31-of-an-uplink"
ANOTHER = "canary-77ab-of-an-uplink"


def summary(project: Project, form: str) -> str:
    command = [sys.executable, "-m", "shimyard.preview", "--stack", STACK, "--format", form]
    result = subprocess.run(
        [*command, "--policy-pack", str(CHECKOUT / "policies")],
        cwd=project.folder,
        env={**project.environment, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert SECRET not in result.stdout + result.stderr
    assert ANOTHER not in result.stdout + result.stderr
    return result.stdout


@pytest.mark.trial
def test_a_reviewer_reads_lines_restarts_and_what_goes(project: Project, node: Node) -> None:
    config = copy.deepcopy(project.config)
    uplink = {"path": "/etc/edge/uplink.key", "secretContent": project.secret(SECRET)}
    gone = {"path": "/etc/edge/gone.txt", "content": "soon gone\n"}
    project.config["files"] += [uplink, gone]
    project.write()
    project.up()
    assert "No changes; " in summary(project, "markdown")

    node.run(["sh", "-c", "echo by hand >> /etc/edge/site.json"])
    project.refresh()
    (mended,) = json.loads(summary(project, "json"))["nodes"]
    (files_of_site,) = mended["resources"]
    assert any("/etc/edge/site.json" in each for each in files_of_site["drift"])
    assert files_of_site["effects"] == []
    project.up()

    runtime = project.config["runtime"]
    runtime["containerd"]["oomScoreAdjust"] = None
    runtime["containerd"]["options"]["plugins"]["io.containerd.cri.v1.images"] = {
        "max_concurrent_downloads": 2
    }
    project.config["files"] = [
        {"path": "/etc/edge/site.json", "content": '{"site": "mast"}\n'},
        {**uplink, "secretContent": project.secret(ANOTHER)},
    ]
    project.write()

    told: dict[str, Any] = json.loads(summary(project, "json"))
    assert told["compared"] is True
    (changed,) = told["nodes"]
    assert changed["node"] == node.name
    resources = {each["type"].rpartition(":")[2]: each for each in changed["resources"]}
    containerd = resources["ContainerRuntime"]
    assert any(each.startswith("restarts containerd.service") for each in containerd["effects"])
    (file,) = containerd["files"]
    assert file["path"] == "/etc/containerd/config.toml"
    assert [line for line in file["diff"] if line.startswith("+")] != []
    assert any("max_concurrent_downloads" in line for line in file["diff"])
    files = {each["path"]: each for each in resources["NodeFiles"]["files"]}
    assert '-{"site": "bench"}' in files["/etc/edge/site.json"]["diff"]
    assert '+{"site": "mast"}' in files["/etc/edge/site.json"]["diff"]
    assert files["/etc/edge/gone.txt"]["action"] == "delete"
    assert files["/etc/edge/uplink.key"]["note"] == "a secret: not shown"

    text = summary(project, "markdown")
    assert read_page(text).strange == []
    assert "### 🔁 Restarts and drains" in text
    assert f"on `{node.name}`" in text

    # Without its files, the machine's resource for them goes.
    project.config["files"] = []
    project.write()
    (removal,) = json.loads(summary(project, "json"))["removals"]
    assert (removal["action"], removal["type"]) == ("delete", "shimyard:node:NodeFiles")
    assert "### ⚠️ 1 deleted or replaced" in summary(project, "markdown")

    project.config = config
    project.write()
    project.destroy()
