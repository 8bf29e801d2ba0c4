"""Guests that try to get beyond their capability profile, on a real shim of a real cluster.

The lab's K3s has no network policy controller: of the allowed hosts, only the object is looked at.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.images.packaging import wasm_artifact
from lab.instance import Lab
from lab.nodes.node import Node
from tests.engine.cluster.attempts import DONE, FORBIDDEN, READ_ONLY, grows, makes_a_folder
from tests.engine.cluster.kubectl import Kubectl
from tests.engine.cluster.stack import cluster_stack
from tests.engine.cluster.wasm_pods import push
from tests.engine.program.project import Project
from toolchain import Toolchain

pytestmark = pytest.mark.lab

MACHINES = 1
# Nothing is upgraded here.
K3S_VERSIONS = 1
KILLED = 137
SECCOMP = "/var/lib/kubelet/seccomp/shimyard/sealed.json"
THREADS = 128
PROFILE: dict[str, Any] = {
    "directories": [{"path": "/in"}, {"path": "/out", "write": True}],
    "hosts": [{"cidr": "192.0.2.0/24", "ports": [443]}],
    "memory": "64Mi",
    "threads": THREADS,
}
SEALED = {
    **PROFILE,
    "name": "sealed",
    "namespaces": ["sealed"],
    "syscalls": {"deny": ["mkdir", "mkdirat", "execve"]},
}
OPEN = {**PROFILE, "name": "open"}
APP: dict[str, Any] = {
    "name": "greeter",
    "handler": "wasmtime",
    "artifact": "registry.lab/greeter:artifact",
    "volumes": [
        {"name": "in", "mountPath": "/in", "emptyDir": {}},
        {"name": "out", "mountPath": "/out", "emptyDir": {}},
    ],
}


@pytest.fixture(scope="module")
def project(
    tools: Toolchain, lab: Lab, built: BuiltArtifacts, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """A server with two profiles, and an app of each."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("capabilities"))
    made.config = cluster_stack(lab, built, ["edge-1"], servers=["edge-1"])
    made.config["cluster"]["kubeletArgs"]["pod-max-pids"] = str(THREADS)
    made.config["security"] = {"profiles": [SEALED, OPEN]}
    made.config["namespaces"] = [{"name": name} for name in ("sealed", "open")]
    made.config["apps"] = [
        {**APP, "namespace": name, "profile": name} for name in ("sealed", "open")
    ]
    made.write()
    made.up()
    return made


@pytest.fixture(scope="module")
def kubectl(project: Project, lab: Lab) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


def attempt(kubectl: Kubectl, lab: Lab, profile: str, wasm: bytes, name: str) -> int:
    """Exit code of a guest in a pod that is otherwise as the app's of that profile."""
    image = push(lab, wasm_artifact(f"/{name}.wasm", wasm), name)
    pod = copy.deepcopy(kubectl.get("deployment", "greeter", "-n", profile)["spec"]["template"])
    labels = {"shimyard.dev/profile": pod["metadata"]["labels"]["shimyard.dev/profile"]}
    (container,) = pod["spec"]["containers"]
    for field in ("ports", "lifecycle", "startupProbe", "readinessProbe"):
        container.pop(field, None)
    container.update(image=image, name=name)
    pod["spec"]["restartPolicy"] = "Never"
    del pod["spec"]["topologySpreadConstraints"]
    metadata = {"name": name, "namespace": profile, "labels": labels}
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", **pod, "metadata": metadata})
    ended: list[int] = []

    def missing() -> str | None:
        status = kubectl.get("pod", name, "-n", profile)["status"]
        (state,) = [each["state"] for each in status.get("containerStatuses", [{"state": {}}])]
        if "terminated" not in state:
            return json.dumps(state)
        ended.append(state["terminated"]["exitCode"])
        return None

    wait_for(f"the end of {name}", missing, seconds=60, interval=0.5)
    return ended[-1]


FOLDERS = [
    ("open", "out/new", DONE),
    ("open", "in/new", READ_ONLY),
    ("open", "new", READ_ONLY),
    ("sealed", "out/new", FORBIDDEN),
]


@pytest.mark.parametrize(("profile", "path", "told"), FOLDERS)
def test_a_guest_writes_where_its_profile_lets_it_and_calls_what_it_may(
    profile: str, path: str, told: int, kubectl: Kubectl, lab: Lab
) -> None:
    name = f"{profile}-{path.replace('/', '-')}"
    assert attempt(kubectl, lab, profile, makes_a_folder(path), name) == told


def test_a_guest_that_grows_is_ended_at_its_profiles_memory(kubectl: Kubectl, lab: Lab) -> None:
    assert attempt(kubectl, lab, "sealed", grows(), "grower") == KILLED


def test_the_engine_serves_behind_the_profiles_filter(kubectl: Kubectl, lab: Lab) -> None:
    kubectl.wait_ready("shimyard.dev/app=greeter", 1, "sealed")
    node = lab.node("edge-1")
    (process,) = cgroup(node, kubectl, "sealed")[1]
    status = node.run(["cat", f"/proc/{process}/status"]).stdout
    assert "Seccomp:\t2\n" in status
    assert "NoNewPrivs:\t1\n" in status


def cgroup(node: Node, kubectl: Kubectl, namespace: str) -> tuple[str, list[str]]:
    """The cgroup of the app's container that counts processes, and those in it."""
    (pod,) = kubectl.pods("shimyard.dev/app", namespace)
    uid = pod["metadata"]["uid"].replace("-", "?")
    # The pause container's cgroup has one process too; the guest's is the younger one.
    found = node.run(
        ["find", "/sys/fs/cgroup/pids", "-path", f"*{uid}*", "-name", "cgroup.procs"]
    ).stdout.split()
    held = {file: node.run(["cat", file]).stdout.split() for file in found}
    youngest = max((file for file in held if held[file]), key=lambda file: int(held[file][-1]))
    return youngest.removesuffix("/cgroup.procs"), held[youngest]


def test_a_pod_gets_no_more_threads_than_its_profile_says(kubectl: Kubectl, lab: Lab) -> None:
    node = lab.node("edge-1")
    kubectl.wait_ready("shimyard.dev/app=greeter", 1, "open")
    place, _ = cgroup(node, kubectl, "open")
    forks = "i=0; while [ $i -lt $1 ]; do sleep 5 & i=$((i+1)); done"
    script = f'echo $$ >"$0/cgroup.procs" && {{ {forks}; }}'
    few = node.run(["sh", "-c", script, place, str(THREADS // 8)], check=False)
    assert few.returncode == 0, few.stderr
    many = node.run(["sh", "-c", script, place, str(THREADS)], check=False)
    assert many.returncode != 0
    assert "fork" in many.stderr


def test_the_hosts_of_a_profile_are_all_that_its_network_policy_opens(kubectl: Kubectl) -> None:
    policy = kubectl.get("networkpolicy", "profile-sealed", "-n", "sealed")["spec"]
    assert policy["podSelector"] == {"matchLabels": {"shimyard.dev/profile": "sealed"}}
    assert policy["policyTypes"] == ["Egress"]
    ((rule),) = policy["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]
    assert rule["ports"] == [{"port": 443, "protocol": "TCP"}]


def test_a_second_up_changes_nothing(project: Project) -> None:
    told = project.up().output
    assert "unchanged" in told
    assert not [word for word in ("created", "updated", "replaced", "deleted") if word in told]


def test_a_profile_that_is_taken_out_leaves_nothing_and_its_app_runs_on(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    assert lab.node("edge-1").run(["test", "-f", SECCOMP], check=False).returncode == 0
    del project.config["security"]
    project.config["apps"] = [{**APP, "namespace": "sealed"}]
    project.write()
    project.up()
    kubectl.wait_ready("shimyard.dev/app=greeter", 1, "sealed")
    assert lab.node("edge-1").run(["test", "-e", SECCOMP], check=False).returncode != 0
    policies = kubectl.get("validatingadmissionpolicies")["items"]
    assert not [each for each in policies if "shimyard" in each["metadata"]["name"]]
    assert not kubectl.get("networkpolicies", "-n", "sealed")["items"]
