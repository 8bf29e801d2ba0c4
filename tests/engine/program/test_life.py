"""The life of a stack on real nodes: up, changes, destroy. The tests build on each other."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import toolchain
from lab.builds.inventory import BuiltArtifacts
from lab.instance import Lab
from lab.nodes import snapshot
from lab.nodes.node import Node
from tests.engine.program.project import Project
from tests.engine.program.stack import stack

CONFIG = "/etc/containerd/config.toml"
RUNTIME = "shimyard-edge:node:ContainerRuntime"

FOREIGN = {
    "etc/containerd/config.toml": "# from another containerd\n",
    "etc/containerd/certs.d/elsewhere.example/hosts.toml": "# somebody else's\n",
    "etc/edge/site.json": '{"site": "an older one"}\n',
    "etc/edge/other.txt": "not ours\n",
    "usr/local/bin/runc": "#!/bin/sh\necho an older runc\n",
    "usr/local/bin/other": "#!/bin/sh\n",
}


@dataclass(frozen=True)
class Used:
    """Machines on which somebody has worked before us, and every file that they had."""

    nodes: list[Node]
    before: list[snapshot.Snapshot]


@pytest.fixture(scope="module")
def used(node: Node, other: Node) -> Used:
    """Both machines, with other people's files."""
    for each in (node, other):
        for path, text in FOREIGN.items():
            each.run(["install", "-D", "-m", "0755", "/dev/stdin", f"/{path}"], stdin=text)
    return Used([node, other], [node.snapshot(), other.snapshot()])


@pytest.fixture(scope="module")
def nodes(used: Used) -> list[Node]:
    """Both machines."""
    return used.nodes


@pytest.fixture(scope="module")
def project(
    tools: toolchain.Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    used: Used,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A stack of both nodes, which is up."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("life"))
    made.config = stack(lab, built, [each.name for each in used.nodes])
    made.write()
    assert "created" in made.up().output
    return made


@pytest.fixture
def restored(project: Project) -> Iterator[Project]:
    """The project; its configuration is as before afterwards, and so are the machines."""
    kept = copy.deepcopy(project.config)
    yield project
    project.config = kept
    project.write()
    project.up()


def started(node: Node) -> str:
    """When containerd was started last, and as which process."""
    return node.run(
        ["systemctl", "show", "containerd", "-p", "MainPID", "-p", "ActiveEnterTimestampMonotonic"]
    ).stdout


def test_the_exports_name_generation_versions_and_a_passed_canary_of_every_handler(
    project: Project, built: BuiltArtifacts, nodes: list[Node]
) -> None:
    exported = project.outputs()["nodes"]
    assert sorted(exported) == [each.name for each in nodes]
    for each in nodes:
        summary = exported[each.name]
        assert summary["generation"] in {1, 2}
        assert summary["versions"]["containerd"] == built.find("containerd").version
        assert {n: h["canary"] for n, h in summary["handlers"].items()} == {
            "runc": "passed",
            "wasmtime": "passed",
        }
        assert summary["labels"] == {"edge.example.com/site": "bench"}
        assert each.run(["systemctl", "is-active", "containerd"]).stdout == "active\n"


def test_an_explicit_null_of_a_stack_file_reaches_the_machine(project: Project, node: Node) -> None:
    runtime = next(each for each in project.resources() if each["type"] == RUNTIME)
    assert runtime["inputs"]["runtime"]["containerd"]["oomScoreAdjust"] is None
    unit = node.run(["cat", "/etc/systemd/system/containerd.service"]).stdout
    assert "OOMScoreAdjust" not in unit


def test_a_second_up_changes_nothing_and_opens_no_connection(
    project: Project, nodes: list[Node]
) -> None:
    connections = [each.connections() for each in nodes]
    again = project.up()
    assert "8 unchanged" in again.output
    assert "updated" not in again.output
    assert [each.connections() for each in nodes] == connections


def test_a_preview_works_while_no_machine_answers(restored: Project, nodes: list[Node]) -> None:
    for each in nodes:
        each.link_down()
    try:
        assert "8 unchanged" in restored.preview().output
        restored.config["runtime"]["sandboxImage"] = "registry.lab/pause:1"
        restored.write()
        assert "2 to update" in restored.preview().output
    finally:
        for each in nodes:
            each.link_up()


def test_a_changed_mirror_shows_its_lines_and_restarts_nothing(
    restored: Project, node: Node, lab: Lab
) -> None:
    was = started(node)
    mirror = f"http://{lab.settings.gateway}:5001"
    restored.config["runtime"]["registries"][0]["mirrors"][0]["url"] = mirror
    restored.write()
    shown = restored.preview().output
    assert f'+ server = "{mirror}"' in shown
    assert f'- server = "http://{lab.settings.gateway}:5000"' in shown
    assert "edge-1: nothing restarts" in shown
    assert "restarts containerd" not in shown
    assert "2 updated" in restored.up().output
    hosts = node.run(["cat", "/etc/containerd/certs.d/registry.lab/hosts.toml"]).stdout
    assert mirror in hosts
    assert started(node) == was


def test_a_changed_sandbox_image_shows_its_lines_and_the_restart_that_up_then_does(
    restored: Project, node: Node
) -> None:
    was = started(node)
    restored.config["runtime"]["sandboxImage"] = "registry.lab/pause:1"
    restored.write()
    shown = restored.preview().output
    assert '+ sandbox = "registry.lab/pause:1"' in shown
    restart = f"edge-1: restarts containerd.service: {CONFIG}; running Wasm containers end"
    assert restart in shown
    assert "2 updated" in restored.up().output
    assert 'sandbox = "registry.lab/pause:1"' in node.run(["cat", CONFIG]).stdout
    assert started(node) != was


def test_a_changed_label_is_no_change_of_a_machine(restored: Project, nodes: list[Node]) -> None:
    connections = [each.connections() for each in nodes]
    restored.config["nodes"][0]["labels"] = {"edge.example.com/site": "hall"}
    restored.write()
    assert "8 unchanged" in restored.preview().output
    assert "8 unchanged" in restored.up().output
    exported = restored.outputs()["nodes"]["edge-1"]
    assert exported["labels"] == {"edge.example.com/site": "hall"}
    assert [each.connections() for each in nodes] == connections


def test_a_changed_file_is_placed_and_restarts_nothing(restored: Project, node: Node) -> None:
    was = started(node)
    restored.config["files"][0]["content"] = '{"site": "hall"}\n'
    restored.config["files"][0]["nodes"] = ["edge-1"]
    restored.config["files"].append({"path": "/etc/edge/more/new.txt", "content": "new\n"})
    restored.write()
    shown = restored.preview().output
    assert "edge-1: nothing restarts" in shown
    assert "starts containerd" not in shown
    restored.up()
    assert node.run(["cat", "/etc/edge/site.json"]).stdout == '{"site": "hall"}\n'
    assert node.run(["cat", "/etc/edge/more/new.txt"]).stdout == "new\n"
    assert started(node) == was


def test_destroy_leaves_every_machine_as_it_was_file_by_file(project: Project, used: Used) -> None:
    assert "8 deleted" in project.destroy().output
    for each, was in zip(used.nodes, used.before, strict=True):
        assert snapshot.difference(was, each.snapshot()) == []
        for path, text in FOREIGN.items():
            assert Path(each.root, path).read_text() == text
        assert each.run(["systemctl", "is-active", "containerd"], check=False).returncode != 0
