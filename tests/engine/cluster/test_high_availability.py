"""Three servers: one can die, another takes its place, and no change costs the quorum."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.instance import Lab
from lab.nodes.node import Node
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.cluster.stack import cluster_stack
from tests.engine.cluster.traces import traces
from tests.engine.program.project import Project
from toolchain import Toolchain

pytestmark = pytest.mark.lab

MACHINES = 4
NAMES = ["edge-1", "edge-2", "edge-3"]
SPARE = "edge-4"
CLASS = "shimyard-wasmtime"


@pytest.fixture(scope="module")
def machines(lab: Lab, built: BuiltArtifacts) -> dict[str, Any]:
    """A stack file's entry for each machine of the lab."""
    config = cluster_stack(lab, built, [*NAMES, SPARE], servers=NAMES)
    return {each["name"]: each for each in config["nodes"]}


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    machines: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """Three servers, which are up, with the older K3s; one more machine is on the shelf."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("servers"))
    made.config = cluster_stack(lab, built, NAMES, servers=NAMES)
    made.config["cluster"]["version"] = [each.version for each in built if each.name == "k3s"][1]
    made.write()
    made.up()
    return made


@pytest.fixture(scope="module")
def kubectl(lab: Lab, project: Project) -> Kubectl:
    """By the server that lives through all of it."""
    return Kubectl(lab.node("edge-2"))


def wait_noticed(kubectl: Kubectl, name: str, *, ready: bool) -> None:
    """Wait until the cluster has noticed that a node is there, or that it is not."""
    wait_for(
        f"the cluster's notice of {name}",
        lambda: None if is_ready(kubectl.nodes()[name]) == ready else f"not {ready}",
        seconds=180,
        interval=0.5,
    )


def starts(lab: Lab, *names: str) -> dict[str, str]:
    """When K3s was started last on each server."""
    show = ["systemctl", "show", "-p", "ExecMainStartTimestampMonotonic", "-p", "MainPID", "k3s"]
    return {name: lab.node(name).run(show).stdout for name in names}


def outages(node: Node) -> Iterator[tuple[float, float]]:
    """When K3s was away on a server, in seconds: from its stop to its being ready again."""
    told = node.run(
        ["journalctl", "--no-pager", "-o", "short-unix", "-u", "k3s.service", "-t", "systemd"]
    ).stdout
    began: float | None = None
    for line in told.splitlines():
        at, _, words = line.partition(" ")
        if "Stopping " in words or "Main process exited" in words:
            began = began or float(at)
        elif "Started " in words and began is not None:
            yield began, float(at)
            began = None


def test_all_servers_are_members_of_etcd(kubectl: Kubectl) -> None:
    nodes = kubectl.nodes()
    assert sorted(nodes) == NAMES
    for name, node in nodes.items():
        assert is_ready(node), name
        assert node["metadata"]["labels"]["node-role.kubernetes.io/etcd"] == "true"


def test_with_one_server_dead_the_api_stays_and_no_other_is_disrupted(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    lab.node("edge-3").kill()
    kubectl("create", "configmap", "written-without-edge-3")
    wait_noticed(kubectl, "edge-3", ready=False)
    before, config = starts(lab, "edge-1", "edge-2"), lab.node("edge-2").run
    shims, cluster = project.config["runtime"]["shims"], project.config["cluster"]
    shims.append({**shims[0], "handler": "second"})
    cluster["serverConfig"] = {"node-external-ip": "192.0.2.7"}
    project.write()
    drains = project.up("--target", "**ContainerRuntime::edge-2", status=1).output
    restarts = project.up("--target", "**K3sServer::edge-2", status=1).output
    del shims[-1], cluster["serverConfig"]
    project.write()
    assert "edge-3 is not Ready, and 1 may be out at a time" in drains
    assert "1 of 3 servers would be left, which is no quorum; not Ready: edge-3" in restarts
    assert "mend the servers that are not Ready" in restarts
    assert "second" not in config(["cat", "/etc/containerd/config.toml"]).stdout
    assert "192.0.2.7" not in config(["cat", "/etc/rancher/k3s/config.yaml"]).stdout
    assert starts(lab, "edge-1", "edge-2") == before


def test_a_machine_with_a_new_name_joins_after_the_old_member_is_gone(
    project: Project, kubectl: Kubectl, lab: Lab, machines: dict[str, Any]
) -> None:
    before = starts(lab, "edge-1", "edge-2")
    project.config["nodes"][2] = machines[SPARE]
    project.config["cluster"]["servers"] = ["edge-1", "edge-2", SPARE]
    project.write()
    told = project.up().output
    assert "edge-3 is replaced by edge-4: the old one leaves the cluster first" in told
    assert "was not cleaned" in told
    nodes = kubectl.nodes()
    assert sorted(nodes) == ["edge-1", "edge-2", SPARE]
    assert is_ready(nodes[SPARE])
    assert starts(lab, "edge-1", "edge-2") == before
    kubectl("get", "configmap", "written-without-edge-3")


def test_while_the_first_server_is_down_another_one_is_the_endpoint(
    project: Project, kubectl: Kubectl, lab: Lab, machines: dict[str, Any]
) -> None:
    """And the new one counts: with the first one dead, there is a majority."""
    lab.node("edge-3").fresh()
    lab.node("edge-1").kill()
    wait_noticed(kubectl, "edge-1", ready=False)
    kubectl("create", "configmap", "written-without-edge-1")
    before, uid = starts(lab, "edge-2", SPARE), kubectl.get("runtimeclass", CLASS)["metadata"]
    project.config["cluster"]["endpoint"] = machines["edge-2"]["address"]
    project.config["nodes"].append(machines["edge-3"])
    project.config["namespaces"] = [{"name": "bench"}]
    project.write()
    told = project.up().output
    assert "+-" not in told, "what is in the cluster stays"
    assert is_ready(kubectl.nodes()["edge-3"])
    kubectl("get", "namespace", "bench")
    assert kubectl.get("runtimeclass", CLASS)["metadata"]["uid"] == uid["uid"]
    assert starts(lab, "edge-2", SPARE) == before


def test_the_first_server_anew_joins_the_cluster_that_stands(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    lab.node("edge-1").fresh()
    before = starts(lab, "edge-2", SPARE)
    project.refresh()
    told = project.up().output
    assert "edge-1 is another machine now: the old one leaves the cluster first" in told
    nodes = kubectl.nodes()
    assert sorted(nodes) == [*NAMES, SPARE]
    assert all(is_ready(node) for node in nodes.values())
    assert starts(lab, "edge-2", SPARE) == before
    Kubectl(lab.node("edge-1"))("get", "configmap", "written-without-edge-1")
    del project.config["cluster"]["endpoint"]
    project.write()
    project.up()
    assert starts(lab, "edge-2", SPARE) == before
    # Its Node object is another one, and has its labels again.
    assert "drift" not in project.refresh().output


def test_etcd_is_saved_before_a_server_gets_another_version_and_they_restart_one_by_one(
    project: Project, kubectl: Kubectl, lab: Lab, built: BuiltArtifacts
) -> None:
    newest = built.find("k3s").version
    project.config["cluster"]["version"] = newest
    project.write()
    project.up()
    for name, node in kubectl.nodes().items():
        assert node["status"]["nodeInfo"]["kubeletVersion"] == f"v{newest}", name
        assert "unschedulable" not in node["spec"], name
    servers = [lab.node(name) for name in ("edge-1", "edge-2", SPARE)]
    for server in servers:
        saved = server.run(["k3s", "etcd-snapshot", "list"]).stdout
        assert f"before-{newest.replace('+', '-')}" in saved, server.name
    away = [list(outages(server)) for server in servers]
    assert all(away)
    for one, other in combinations(away, 2):
        overlaps = [
            (first, second)
            for first in one
            for second in other
            if first[0] < second[1] and second[0] < first[1]
        ]
        assert overlaps == []


def test_destroy_takes_the_servers_apart_one_by_one(project: Project, lab: Lab) -> None:
    project.destroy()
    assert {node.name: found for node in lab.nodes if (found := traces(node))} == {}
