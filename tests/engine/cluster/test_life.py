"""A cluster's life: it comes up, stays as it is, changes a node at a time, and lets nodes go."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.instance import Lab
from lab.nodes.node import Node
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.cluster.traces import traces
from tests.engine.program.project import Project, Run

pytestmark = pytest.mark.lab

# What an absent machine may cost, connection timeouts included.
BOUND = 240.0
CAPABILITY = "handler.shimyard.dev/wasmtime"
PROBE: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "probe"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "probe"}},
        "template": {
            "metadata": {"labels": {"app": "probe"}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "probe", "image": "registry.lab/pause:1"}],
            },
        },
    },
}


@pytest.fixture(scope="module")
def kubectl(lab: Lab) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


@pytest.fixture(scope="module")
def older(built: BuiltArtifacts) -> str:
    """The K3s of one minor version before the newest."""
    return [each.version for each in built if each.name == "k3s"][1]


@pytest.fixture(scope="module", autouse=True)
def first(project: Project, older: str) -> Run:
    """The first `up`, with the older K3s."""
    project.config["cluster"]["version"] = older
    project.write()
    return project.up()


def add_handler(project: Project) -> None:
    """One more handler, which containerd reads when it starts."""
    shims = project.config["runtime"]["shims"]
    shims.append({**shims[0], "handler": "second"})
    project.write()


def take_handler(project: Project) -> None:
    """The same one away."""
    del project.config["runtime"]["shims"][-1]
    project.write()


def configuration(node: Node) -> str:
    """What containerd reads there."""
    return node.run(["cat", "/etc/containerd/config.toml"]).stdout


def connections(lab: Lab) -> dict[str, int]:
    return {node.name: node.connections() for node in lab.nodes}


def test_all_nodes_are_ready_and_labelled_by_what_they_are_proven_to_do(
    kubectl: Kubectl, older: str
) -> None:
    nodes = kubectl.nodes()
    assert sorted(nodes) == ["edge-1", "edge-2", "edge-3"]
    for name, node in nodes.items():
        assert is_ready(node), name
        assert node["status"]["nodeInfo"]["kubeletVersion"] == f"v{older}"
        labels = node["metadata"]["labels"]
        assert labels[CAPABILITY] == "true"
        assert labels["topology.kubernetes.io/zone"] == f"hall-{name[-1]}"
        assert labels["edge.example.com/site"] == "bench"


def test_the_servers_token_is_on_no_agent_and_tokens_are_for_root_alone(lab: Lab) -> None:
    def token(name: str) -> str:
        return lab.node(name).run(["cat", "/etc/rancher/k3s/token"]).stdout.strip()

    server = token("edge-1")
    for name in ("edge-2", "edge-3"):
        node = lab.node(name)
        assert token(name).startswith("K10")
        found = node.run(
            ["grep", "-rlF", server, "/etc", "/var/lib/rancher/k3s", "/var/lib/shimyard"],
            check=False,
        )
        assert found.stdout == ""
        modes = node.run(["stat", "-c", "%a %U", "/etc/rancher/k3s/token"]).stdout.split()
        assert modes == ["600", "root"]


def test_tokens_and_kubeconfig_are_secrets_in_the_state(project: Project, lab: Lab) -> None:
    server = lab.node("edge-1")
    kubeconfig = server.run(["cat", "/etc/rancher/k3s/k3s.yaml"]).stdout
    key = next(line for line in kubeconfig.splitlines() if "client-key-data" in line).split()[1]
    secrets = [
        server.run(["cat", "/etc/rancher/k3s/token"]).stdout.strip(),
        server.run(["cat", "/etc/rancher/k3s/agent-token"]).stdout.strip(),
        key,
    ]
    texts = [path.read_text(errors="replace") for path in project.state_files]
    texts += [run.output for run in project.runs]
    assert [secret for secret in secrets for text in texts if secret in text] == []


def test_a_second_up_changes_nothing_and_asks_no_machine(project: Project, lab: Lab) -> None:
    before = connections(lab)
    again = project.up()
    assert "unchanged" in again.output
    assert "updated" not in again.output
    assert connections(lab) == before


def test_a_preview_of_an_upgrade_says_what_drains_and_asks_no_machine(
    project: Project, lab: Lab, built: BuiltArtifacts
) -> None:
    before = connections(lab)
    project.config["cluster"]["version"] = built.find("k3s").version
    project.write()
    told = project.preview().output
    assert "drains edge-2" in told
    assert "restarts k3s-agent.service: /usr/local/bin/k3s" in told
    assert connections(lab) == before


def test_a_step_over_a_minor_version_is_refused_before_any_machine_is_asked(
    project: Project, lab: Lab
) -> None:
    before, wanted = connections(lab), project.config["cluster"]["version"]
    project.config["cluster"]["version"] = "1.38.0+k3s1"
    project.write()
    told = project.up(status=1).output
    project.config["cluster"]["version"] = wanted
    project.write()
    assert "skips a minor version" in told
    assert "go to 1.36 first" in told
    assert connections(lab) == before


def test_an_upgrade_goes_servers_first_and_pods_leave_each_node_before(
    project: Project, kubectl: Kubectl, built: BuiltArtifacts
) -> None:
    kubectl.apply(PROBE)
    kubectl.wait_ready("app=probe", 2)
    newest = built.find("k3s").version
    project.config["cluster"]["version"] = newest
    project.write()
    project.up()
    nodes = kubectl.nodes()
    for name, node in nodes.items():
        assert node["status"]["nodeInfo"]["kubeletVersion"] == f"v{newest}", name
        assert "unschedulable" not in node["spec"], name
        assert "shimyard.dev/cordoned" not in node["metadata"].get("annotations", {}), name
    kubectl.wait_ready("app=probe", 2)
    evicted = [
        event
        for event in kubectl.get("events", "-A")["items"]
        if event["reason"] in {"Killing", "NodeNotSchedulable"}
    ]
    assert {event["involvedObject"]["name"] for event in evicted} >= set(nodes)


def test_a_change_of_containerd_drains_its_node_and_labels_follow_the_proof(
    project: Project, kubectl: Kubectl
) -> None:
    def handlers() -> set[bool]:
        label = "handler.shimyard.dev/second"
        return {label in node["metadata"]["labels"] for node in kubectl.nodes().values()}

    add_handler(project)
    assert "drains edge-1" in project.preview().output
    project.up()
    assert handlers() == {True}
    take_handler(project)
    project.up()
    assert handlers() == {False}


def test_a_drain_that_a_budget_holds_leaves_the_node_as_it_was_and_stops_the_rollout(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    kubectl.apply(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "held"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "probe"}}},
        }
    )
    nodes = [lab.node(pod["spec"]["nodeName"]) for pod in kubectl.pods("app=probe")]
    before = {node.name: configuration(node) for node in nodes}
    project.config["cluster"]["rollout"]["drain"]["timeout"] = 5
    add_handler(project)
    told = project.up(status=1).output
    assert "step drain" in told
    assert "the disruption budget default/held spares no pod (2 healthy, 2 needed)" in told
    assert any(f"so {pod['metadata']['name']}" in told for pod in kubectl.pods("app=probe"))
    assert "Cannot evict pod as it would violate the pod's disruption budget" in told
    assert any(configuration(node) == before[node.name] for node in nodes)
    for name, node in kubectl.nodes().items():
        assert "unschedulable" not in node["spec"], name
    kubectl("delete", "pdb", "held")
    project.config["cluster"]["rollout"]["drain"]["timeout"] = 60
    project.write()
    project.up()
    take_handler(project)
    project.up()


def test_drift_of_a_label_and_of_a_unit_is_named_and_mended(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    kubectl("label", "node", "edge-2", f"{CAPABILITY}-")
    lab.node("edge-3").run(["systemctl", "stop", "k3s-agent"])
    told = project.refresh().output
    assert f"label {CAPABILITY} is 'not set'" in told
    assert "k3s-agent.service is inactive" in told
    project.up()
    nodes = kubectl.nodes()
    assert nodes["edge-2"]["metadata"]["labels"][CAPABILITY] == "true"
    assert is_ready(nodes["edge-3"])


def test_an_agent_that_leaves_the_stack_is_drained_deleted_and_cleaned(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    kubectl.apply(PROBE)
    kubectl.wait_ready("app=probe", 2)
    gone = project.config["nodes"].pop()
    assert gone["name"] == "edge-3"
    assert traces(lab.node("edge-3")) != []
    project.write()
    project.up()
    assert sorted(kubectl.nodes()) == ["edge-1", "edge-2"]
    assert traces(lab.node("edge-3")) == []
    kubectl.wait_ready("app=probe", 2)
    project.config["nodes"].append(gone)
    project.write()
    project.up()
    assert is_ready(kubectl.nodes()["edge-3"])


def test_an_agent_that_is_gone_for_good_leaves_the_cluster_in_bounded_time(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    lab.node("edge-3").kill()
    wait_for(
        "the cluster's notice",
        lambda: "Ready" if is_ready(kubectl.nodes()["edge-3"]) else None,
        seconds=120,
    )
    project.config["nodes"].pop()
    project.write()
    began = time.monotonic()
    told = project.up().output
    assert time.monotonic() - began < BOUND
    assert "was not cleaned" in told
    assert sorted(kubectl.nodes()) == ["edge-1", "edge-2"]
    # Nor does anything of it come back.
    assert "unchanged" in project.up().output


def test_destroy_leaves_nothing_of_the_cluster(project: Project, lab: Lab) -> None:
    project.destroy()
    assert {name: traces(lab.node(name)) for name in ("edge-1", "edge-2")} == {
        "edge-1": [],
        "edge-2": [],
    }
    assert len(project.resources()) <= 1
