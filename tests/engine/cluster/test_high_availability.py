"""Three servers: one can die, its successor takes its place, and no change costs the quorum."""

from __future__ import annotations

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.instance import Lab
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.cluster.stack import cluster_stack
from tests.engine.program.project import Project
from toolchain import Toolchain

pytestmark = [pytest.mark.lab, pytest.mark.trial]

NAMES = ["edge-1", "edge-2", "edge-3"]


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """Three servers, which are up, with the older K3s."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("servers"))
    made.config = cluster_stack(lab, built, NAMES, servers=NAMES)
    made.config["cluster"]["version"] = [each.version for each in built if each.name == "k3s"][1]
    made.write()
    made.up()
    return made


@pytest.fixture(scope="module")
def kubectl(lab: Lab, project: Project) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


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
    wait_for(
        "the cluster's notice",
        lambda: "Ready" if is_ready(kubectl.nodes()["edge-3"]) else None,
        seconds=120,
    )
    shims = project.config["runtime"]["shims"]
    shims.append({**shims[0], "handler": "second"})
    project.write()
    told = project.up("--target", "**ContainerRuntime::edge-2", status=1).output
    del shims[-1]
    project.write()
    assert "edge-3 is not Ready" in told
    assert "second" not in lab.node("edge-2").run(["cat", "/etc/containerd/config.toml"]).stdout


def test_a_new_machine_of_the_same_name_joins_after_the_old_member_is_gone(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    lab.node("edge-3").fresh()
    project.refresh()
    project.up()
    nodes = kubectl.nodes()
    assert sorted(nodes) == NAMES
    assert is_ready(nodes["edge-3"])
    kubectl("get", "configmap", "written-without-edge-3")
    # It counts as a member: with another one dead, the API still answers.
    lab.node("edge-2").kill()
    kubectl("create", "configmap", "written-without-edge-2")
    lab.node("edge-2").start()
    wait_for(
        "edge-2",
        lambda: None if is_ready(kubectl.nodes()["edge-2"]) else "not Ready",
        seconds=120,
    )


def test_the_first_server_anew_does_not_start_a_second_cluster(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    lab.node("edge-1").fresh()
    project.refresh()
    told = project.up(status=1).output
    assert "edge-2 serves the cluster already" in told
    assert "put edge-2 first in cluster.servers" in told
    absent = lab.node("edge-1").run(["test", "-e", "/usr/local/bin/k3s"], check=False)
    assert absent.returncode == 1
    project.config["cluster"]["servers"] = ["edge-2", "edge-3", "edge-1"]
    project.write()
    project.up()
    elsewhere = Kubectl(lab.node("edge-2"))
    nodes = elsewhere.nodes()
    assert sorted(nodes) == NAMES
    assert all(is_ready(node) for node in nodes.values())
    elsewhere("get", "configmap", "written-without-edge-3")


def test_etcd_is_saved_before_a_server_gets_another_version_and_the_api_stays(
    project: Project, lab: Lab, built: BuiltArtifacts
) -> None:
    newest = built.find("k3s").version
    project.config["cluster"]["version"] = newest
    project.write()
    project.up()
    for name, node in Kubectl(lab.node("edge-2")).nodes().items():
        assert node["status"]["nodeInfo"]["kubeletVersion"] == f"v{newest}", name
    saved = lab.node("edge-2").run(["k3s", "etcd-snapshot", "list"]).stdout
    assert f"before-{newest.replace('+', '-')}" in saved


def test_destroy_takes_the_servers_apart_one_by_one(project: Project, lab: Lab) -> None:
    project.destroy()
    for name in NAMES:
        absent = lab.node(name).run(["test", "-e", "/var/lib/rancher/k3s"], check=False)
        assert absent.returncode == 1, name
