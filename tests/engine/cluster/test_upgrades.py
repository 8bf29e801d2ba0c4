"""Upgrades under load: no request through the Service fails, and a bad one stops at one node."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.builds.recipe import BuiltArtifact, Unpack
from lab.instance import Lab
from lab.k3s.recipes import k3s_recipes
from lab.nodes.node import Node
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.cluster.load import Load, Way, load_on
from tests.engine.program.project import Project

pytestmark = pytest.mark.lab

SERVER, AGENTS = "edge-1", ("edge-2", "edge-3")
PORT = 8080
SELECTOR = "shimyard.dev/app=greeter"
SHIM_NAME = "containerd-shim-wasmtime"
SHIM = f"/usr/local/bin/{SHIM_NAME}-v1"
BROKEN = "1.0.1-lab.9"
# Of each way at least: less is no load. A change that fails at its canary takes but two seconds.
MANY = 10


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltArtifacts:
    """Each part in two versions, and a shim that starts and can't run anything."""
    names = {"containerd", "runc", "cni-plugins", SHIM_NAME}
    machines = [each for each in recipes() if each.name in names]
    good = build_all(wanted=[*machines, *k3s_recipes("amd64")])
    path = tmp_path_factory.mktemp("broken") / f"{SHIM_NAME}-v1"
    path.write_text("#!/bin/sh\nexit 3\n")
    content = path.read_bytes()
    bad = BuiltArtifact(
        SHIM_NAME,
        BROKEN,
        "amd64",
        path,
        hashlib.sha256(content).hexdigest(),
        len(content),
        Unpack("raw", {"": path.name}),
        "computed by the test",
    )
    return BuiltArtifacts((*good, bad))


def versions(built: BuiltArtifacts, name: str) -> list[str]:
    """The newest first."""
    return [each.version for each in built if each.name == name and each.version != BROKEN]


def other(built: BuiltArtifacts, name: str, now: str) -> str:
    """A version that is not the present one."""
    return next(each for each in versions(built, name) if each != now)


def choose(project: Project, **wanted: str) -> None:
    """Write these versions of shim, containerd and k3s into the stack file."""
    runtime = project.config["runtime"]
    places: Mapping[str, dict[str, Any]] = {
        "shim": runtime["shims"][0],
        "containerd": runtime["containerd"],
        "k3s": project.config["cluster"],
    }
    for name, version in wanted.items():
        places[name]["version"] = version
    project.write()


@pytest.fixture(scope="module")
def kubectl(lab: Lab) -> Kubectl:
    return Kubectl(lab.node(SERVER))


@pytest.fixture(scope="module", autouse=True)
def deployed(project: Project, kubectl: Kubectl, built: BuiltArtifacts) -> None:
    """The older K3s, and an app of two pods, for which there are two agents."""
    for node in project.config["nodes"]:
        if node["name"] == SERVER:
            node["taints"] = ["node-role.kubernetes.io/control-plane:NoSchedule"]
    project.config["apps"] = [
        {
            "name": "greeter",
            "handler": "wasmtime",
            "artifact": "registry.lab/greeter:artifact",
            "replicas": 2,
            "service": {"type": "LoadBalancer"},
        }
    ]
    choose(
        project,
        shim=versions(built, SHIM_NAME)[1],
        containerd=versions(built, "containerd")[1],
        k3s=versions(built, "k3s")[1],
    )
    project.up()
    kubectl.wait_ready(SELECTOR, 2)
    assert sorted(pod["spec"]["nodeName"] for pod in kubectl.pods(SELECTOR)) == sorted(AGENTS)


def ways(lab: Lab, kubectl: Kubectl) -> list[Way]:
    """The Service's own address from each node, and each node's address from outside."""
    address = kubectl.get("service", "greeter")["spec"]["clusterIP"]
    inside = [Way(f"Service from {node.name}", address, PORT, node) for node in lab.nodes]
    return inside + [
        Way(f"{node.name} from outside", str(node.address), PORT) for node in lab.nodes
    ]


@contextmanager
def no_request_fails(lab: Lab, kubectl: Kubectl) -> Iterator[Load]:
    """Under load on all ways for the time of the block."""
    with load_on(ways(lab, kubectl)) as load:
        yield load
    assert load.failures == [], "\n".join([*load.failures, *happened(kubectl)])
    assert min(load.answers.values()) >= MANY, load


def happened(kubectl: Kubectl) -> list[str]:
    """Events of nodes and pods, for whoever has to explain a failure."""
    told = [
        f"{each.get('lastTimestamp') or each.get('eventTime')} {each['involvedObject']['name']} "
        f"{each.get('reason')}: {each.get('message')}"
        for each in kubectl.get("events", "-A")["items"]
    ]
    return sorted(told)[-80:]


def running(node: Node) -> dict[str, str]:
    """The versions that the machine's programs say of themselves."""
    return {
        "shim": node.run([SHIM, "-v"]).stdout.split("Version: ")[1].split()[0],
        "containerd": node.run(["ctr", "version"]).stdout.partition("Server:")[2].split()[1][1:],
    }


@dataclass(frozen=True)
class Told:
    """What an `up` has told: its ``output``, and how often each node was drained."""

    output: str
    drains: Counter[str]


def up(project: Project, *arguments: str, status: int = 0) -> Told:
    """`pulumi up` with its events in a file."""
    # The flag is hidden from those who don't debug the engine.
    project.environment["PULUMI_DEBUG_COMMANDS"] = "true"
    events = project.folder.parent / "events.json"
    events.unlink(missing_ok=True)
    output = project.up("--event-log", str(events), *arguments, status=status).output
    return Told(output, Counter(re.findall(r"(edge-\d) takes no new pods", events.read_text())))


def pods_on(kubectl: Kubectl, node: str) -> set[str]:
    """The app's pods there, by their UIDs."""
    pods = kubectl.pods(SELECTOR)
    return {each["metadata"]["uid"] for each in pods if each["spec"]["nodeName"] == node}


def assert_in_service(kubectl: Kubectl) -> None:
    """All nodes are Ready and take pods, and the app has all of its own."""
    for name, node in kubectl.nodes().items():
        assert is_ready(node), name
        assert "unschedulable" not in node["spec"], name
    kubectl.wait_ready(SELECTOR, 2)


def look(node: Node) -> tuple[str, ...]:
    """What a change would leave on a machine: generation, versions, the daemons' starts."""
    generation = node.run(["readlink", "-f", "/var/lib/shimyard/current/container-runtime"]).stdout
    started = node.run(
        ["systemctl", "show", "containerd", "k3s", "k3s-agent", "--property=MainPID",
         "--property=ActiveEnterTimestampMonotonic"]
    ).stdout  # fmt: skip
    return (generation, started, *running(node).values())


def test_a_shim_goes_to_another_version_and_back_and_pods_follow(
    project: Project, lab: Lab, kubectl: Kubectl, built: BuiltArtifacts
) -> None:
    now = running(lab.nodes[0])["shim"]
    wanted = other(built, SHIM_NAME, now)
    with no_request_fails(lab, kubectl):
        choose(project, shim=wanted)
        assert up(project).drains == Counter()
        assert {running(node)["shim"] for node in lab.nodes} == {wanted}
        # Pods keep the shim that they were started by until they are started anew.
        kubectl("rollout", "restart", "deployment/greeter")
        kubectl("rollout", "status", "deployment/greeter", "--timeout=60s")
        choose(project, shim=now)
        project.up()
        assert {running(node)["shim"] for node in lab.nodes} == {now}
    assert_in_service(kubectl)


def test_containerd_goes_to_another_version_a_node_at_a_time(
    project: Project, lab: Lab, kubectl: Kubectl, built: BuiltArtifacts
) -> None:
    wanted = other(built, "containerd", running(lab.nodes[0])["containerd"])
    with no_request_fails(lab, kubectl):
        choose(project, containerd=wanted)
        assert up(project).drains == Counter((SERVER, *AGENTS))
        assert {running(node)["containerd"] for node in lab.nodes} == {wanted}
    assert_in_service(kubectl)


def test_a_restart_of_k3s_under_running_pods_is_not_noticed(
    project: Project, lab: Lab, kubectl: Kubectl
) -> None:
    # Drains have gathered the pods on one agent. A kubelet that has just started may say for a
    # moment that its node is not Ready, and Services leave out the pods of such a node.
    kubectl("rollout", "restart", "deployment/greeter")
    kubectl("rollout", "status", "deployment/greeter", "--timeout=60s")
    assert all(pods_on(kubectl, name) for name in AGENTS)
    with no_request_fails(lab, kubectl):
        project.config["cluster"]["kubeletArgs"]["max-pods"] = "90"
        project.write()
        assert up(project).drains == Counter()
    nodes = kubectl.nodes().values()
    assert {node["status"]["capacity"]["pods"] for node in nodes} == {"90"}
    assert_in_service(kubectl)


@pytest.mark.parametrize("with_containerd", [False, True], ids=["alone", "with containerd"])
def test_a_shim_that_can_not_run_a_module_stops_at_the_first_node(
    project: Project,
    lab: Lab,
    kubectl: Kubectl,
    built: BuiltArtifacts,
    *,
    with_containerd: bool,
) -> None:
    before = {node.name: look(node) for node in lab.nodes}
    pods = {name: pods_on(kubectl, name) for name in AGENTS}
    kept = running(lab.nodes[0])
    choose(project, shim=BROKEN)
    if with_containerd:
        choose(project, containerd=other(built, "containerd", kept["containerd"]))
    # Two agents are asked for, and one of them comes first.
    agents = [f"--target=**ContainerRuntime::{name}" for name in AGENTS]
    with no_request_fails(lab, kubectl):
        failure = up(project, *(agents if with_containerd else []), status=1)
        assert_in_service(kubectl)
    told = failure.output
    (failed,) = set(re.findall(r"node (edge-\d), step canary", told))
    assert f"node {failed}, step canary (running a container by handler wasmtime)" in told
    assert "mend: " in told
    assert "the node runs what it ran before" in told
    others = [node for node in lab.nodes if node.name != failed]
    for node in others:
        if not with_containerd or node.name in AGENTS:
            assert f"the rollout stopped at {failed}; {node.name} was left alone" in told
        assert look(node) == before[node.name]
        assert pods.get(node.name, set()) <= pods_on(kubectl, node.name)
    assert running(lab.node(failed)) == kept
    assert failure.drains == Counter([failed] if with_containerd else [])
    choose(project, **kept)
    project.up()
    assert {node.name: look(node) for node in others} == {
        node.name: before[node.name] for node in others
    }


def test_k3s_goes_up_by_a_minor_version_together_with_containerd_and_the_shim(
    project: Project, lab: Lab, kubectl: Kubectl, built: BuiltArtifacts
) -> None:
    now = running(lab.nodes[0])
    wanted = {
        "shim": other(built, SHIM_NAME, now["shim"]),
        "containerd": other(built, "containerd", now["containerd"]),
    }
    k3s = versions(built, "k3s")[0]
    with no_request_fails(lab, kubectl):
        choose(project, k3s=k3s, **wanted)
        # Two resources, two drains: between them the servers have to be upgraded.
        assert up(project).drains == Counter((SERVER, *AGENTS) * 2)
        for node in lab.nodes:
            assert running(node) == wanted
        kubelets = {
            each["status"]["nodeInfo"]["kubeletVersion"] for each in kubectl.nodes().values()
        }
        assert kubelets == {f"v{k3s}"}
    assert_in_service(kubectl)
