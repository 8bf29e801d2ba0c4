"""Many machines in one stack of the real engine, each with files or a container runtime."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.instance import Lab
from lab.nodes.node import Node
from tests.engine.program.project import CHECKOUT, Project
from toolchain import Toolchain

Machine = dict[str, Any]


def machines_project(tools: Toolchain, parent: Path) -> Project:
    """The program in tests/faults/machines as a project of its own, with its own backend."""
    folder = parent / "machines"
    parent.mkdir(exist_ok=True)
    shutil.copytree(CHECKOUT / "tests/faults/machines", folder)
    description = folder / "Pulumi.yaml"
    description.write_text(description.read_text().replace("../../..", str(CHECKOUT)))
    made = Project.init(tools, folder, {"PYTHONPATH": str(CHECKOUT)})
    made.namespace = "machines"
    return made


def connection(lab: Lab, node: Node, key: Path | None = None) -> Machine:
    """How to reach a node: ``key`` instead of the lab's own user key."""
    ssh = {
        "user": "edge",
        "identityFile": str(key or lab.state.user_key),
        "knownHostsFile": str(lab.state.known_hosts),
    }
    return {"name": node.name, "address": str(node.address), "ssh": ssh}


def with_files(lab: Lab, node: Node, files: Mapping[str, str], key: Path | None = None) -> Machine:
    """A machine with these files: path -> content."""
    return {"node": connection(lab, node, key), "files": dict(files)}


def with_runtime(lab: Lab, node: Node, containerd: str, *mirrors: str) -> Machine:
    """A machine with a container runtime without Wasm, and mirrors of one registry."""
    options = {"plugins": {"io.containerd.cri.v1.runtime": {"restrict_oom_score_adj": True}}}
    runtime: Machine = {
        "containerd": {
            "version": containerd,
            "systemdCgroup": False,
            "oomScoreAdjust": None,
            "options": options,
        },
        "runc": {"version": "1.5.2"},
    }
    if mirrors:
        hosts = [{"url": url} for url in mirrors]
        runtime["registries"] = [{"host": "registry.lab", "mirrors": hosts}]
    return {"node": connection(lab, node), "runtime": runtime}


def order(project: Project, machines: Sequence[Machine], artifacts: Mapping[str, Any]) -> None:
    """Write the stack file."""
    project.config = {"machines": list(machines), "artifacts": dict(artifacts)}
    project.write()
