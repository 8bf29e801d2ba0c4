"""Another version of a shim and of containerd, and back: without a download."""

from __future__ import annotations

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.instance import Lab
from lab.mirror.service import mirror_folder
from lab.nodes.node import Node
from tests.engine.program.project import Project

OLDER = {"containerd": "2.2.9", "containerd-shim-wasmtime": "1.0.1-lab.1"}
SHIM = "/usr/local/bin/containerd-shim-wasmtime-v1"


@pytest.fixture
def newer(built: BuiltArtifacts) -> dict[str, str]:
    """The versions that the lab's stack asks for."""
    return {name: built.find(name).version for name in OLDER}


def set_versions(project: Project, versions: dict[str, str]) -> None:
    runtime = project.config["runtime"]
    runtime["containerd"]["version"] = versions["containerd"]
    runtime["shims"][0]["version"] = versions["containerd-shim-wasmtime"]
    # Another resource of the node changes each time; it must collect nothing of this one.
    project.config["files"][0]["content"] = f"{versions}\n"
    project.write()


def running(node: Node) -> dict[str, str]:
    """The versions that the machine's programs say of themselves."""
    return {
        "containerd": node.run(["ctr", "version"]).stdout.partition("Server:")[2].split()[1][1:],
        "containerd-shim-wasmtime": node.run([SHIM, "-v"]).stdout.split("Version: ")[1].split()[0],
    }


def daemon(node: Node) -> str:
    return node.run(["systemctl", "show", "containerd", "-p", "MainPID", "--value"]).stdout


def downloads(lab: Lab) -> list[str]:
    """The artifacts that the mirror has been asked for since the last time."""
    folder = mirror_folder(lab.settings)
    asked = [access.path for access in folder.accesses()]
    folder.forget_accesses()
    return sorted(path.strip("/").split("/")[0] for path in asked)


def canaries(project: Project) -> set[str]:
    handlers = project.outputs()["nodes"]["edge-1"]["handlers"]
    return {handler["canary"] for handler in handlers.values()}


def test_a_shim_and_containerd_go_to_another_version_and_back_without_a_download(
    project: Project, node: Node, lab: Lab, newer: dict[str, str]
) -> None:
    set_versions(project, OLDER)
    project.up()
    assert running(node) == OLDER
    downloads(lab)
    pid = daemon(node)

    # The shim alone: nothing restarts.
    set_versions(project, {**OLDER, "containerd-shim-wasmtime": newer["containerd-shim-wasmtime"]})
    assert "edge-1: nothing restarts" in project.preview().output
    project.up()
    assert running(node) == {**newer, "containerd": OLDER["containerd"]}
    assert downloads(lab) == ["containerd-shim-wasmtime"]
    assert daemon(node) == pid

    set_versions(project, newer)
    shown = project.preview().output
    assert "restarts containerd.service" in shown
    assert "running Wasm containers end" in shown
    project.up()
    assert running(node) == newer
    assert downloads(lab) == ["containerd"]
    assert daemon(node) != pid
    assert canaries(project) == {"passed"}

    set_versions(project, OLDER)
    assert "2 updated" in project.up().output
    assert running(node) == OLDER
    assert downloads(lab) == []
    assert canaries(project) == {"passed"}
