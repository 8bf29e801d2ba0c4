"""The verb `survey` asks a real API server, and sends nothing that is in a pod's environment.

There is no kubelet: what one would report is written here. Real ones are asked in
tests/engine/cluster/test_doctor.py.
"""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from lab.deadline import wait_for
from shimyard.doctor.cluster import ClusterFacts, End, Pod, RuntimeClass
from shimyard.node.scripts import SURVEY
from tests.engine.kubernetes.apiserver import Kubectl

SECRET = "environment-canary-77c1"
CAPABILITY = "handler.shimyard.dev/wasmtime"


def survey(kubectl: Kubectl) -> subprocess.CompletedProcess[str]:
    """Run it as a machine without our program does, with this server's access."""
    script = SURVEY.replace("k3s=/usr/local/bin/k3s", f"k3s={kubectl.k3s}")
    script = script.replace("/etc/rancher/k3s/k3s.yaml", str(kubectl.kubeconfig))
    return subprocess.run(
        ["sh", "-s"], input=script, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def names(kubectl: Kubectl) -> Iterator[dict[str, str]]:
    """A node, a RuntimeClass and a namespace of this test's own."""
    made = {kind: f"{kind}-{uuid.uuid4().hex[:6]}" for kind in ("node", "class", "space")}
    kubectl.run("create", "namespace", made["space"])
    account = ("serviceaccount", "default", "-n", made["space"])
    wait_for(
        "the namespace's account",
        lambda: None if kubectl.has(*account) else "not there",
        seconds=60,
    )
    yield made
    kubectl.run("delete", "namespace", "--wait=false", made["space"])
    kubectl.run("delete", "--ignore-not-found", "node", made["node"])
    kubectl.run("delete", "--ignore-not-found", "runtimeclass", made["class"], f"{made['class']}-b")


def pod(names: dict[str, str], name: str, **spec: Any) -> dict[str, Any]:
    container = {
        "name": "greeter",
        "image": "registry.lab/greeter:artifact",
        "env": [{"name": "TOKEN", "value": SECRET}],
        "resources": {"limits": {"memory": "16Mi"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": names["space"]},
        "spec": {
            "runtimeClassName": names["class"],
            "tolerations": [{"operator": "Exists"}],
            "containers": [container],
            **spec,
        },
    }


def test_everything_that_the_doctor_needs_is_told_and_no_secret(
    kubectl: Kubectl, names: dict[str, str]
) -> None:
    label, image = {CAPABILITY: "true"}, "registry.lab/greeter@sha256:aa"
    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": names["node"], "labels": label},
            "spec": {"unschedulable": True},
        },
        {
            "apiVersion": "node.k8s.io/v1",
            "kind": "RuntimeClass",
            "metadata": {"name": names["class"]},
            "handler": "wasmtime",
            "scheduling": {"nodeSelector": label},
        },
        {
            "apiVersion": "node.k8s.io/v1",
            "kind": "RuntimeClass",
            "metadata": {"name": f"{names['class']}-b"},
            "handler": "other",
        },
    )
    handlers = [{"name": ""}, {"name": "runc"}, {"name": "wasmtime"}]
    ready = {"type": "Ready", "status": "True"}
    kubectl.status(
        "node", names["node"], "default", {"runtimeHandlers": handlers, "conditions": [ready]}
    )
    sidecar = {
        "name": "log",
        "image": "registry.lab/log:1",
        "restartPolicy": "Always",
        "resources": {"limits": {"memory": "8Mi"}},
    }
    kubectl.apply(
        pod(names, "placed", nodeName=names["node"], initContainers=[sidecar]),
        pod(names, "late", nodeSelector={"no.such/label": "true"}),
        pod(names, "ordinary", runtimeClassName=None, nodeSelector={"no.such/label": "true"}),
    )
    ended = {"exitCode": 137, "reason": "Error", "containerID": "containerd://0"}
    status = {"name": "greeter", "image": "x", "imageID": image, "ready": False, "restartCount": 1}
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    once = {"exitCode": 1, "containerID": "containerd://1"}
    kubectl.status(
        "pod", "placed", names["space"],
        {
            "containerStatuses": [{**status, **waiting, "lastState": {"terminated": ended}}],
            "initContainerStatuses": [
                {**status, "name": "log", "imageID": "", "state": {"terminated": once}}
            ],
        },
    )  # fmt: skip
    kubectl.run(
        "wait", "pod/late", "-n", names["space"], "--for=condition=PodScheduled=false",
        "--timeout=30s",
    )  # fmt: skip

    asked = survey(kubectl)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert SECRET not in asked.stdout
    told = ClusterFacts.parse(asked.stdout)
    member = told.members[names["node"]]
    assert (member.ready, member.cordoned) == (True, True)
    assert member.labels[CAPABILITY] == "true"
    assert told.handlers == {names["node"]: {"-", "runc", "wasmtime"}}
    assert told.classes[names["class"]] == RuntimeClass("wasmtime", label)
    assert told.classes[f"{names['class']}-b"] == RuntimeClass("other")
    pods = {each.name: each for each in told.pods if each.namespace == names["space"]}
    assert set(pods) == {"placed", "late"}
    assert pods["placed"] == Pod(
        names["space"],
        "placed",
        names["node"],
        names["class"],
        "",
        (End("greeter", 137, "Error", "0"), End("log", 1, "-", "1")),
        {"log": "8Mi", "greeter": "16Mi"},
        {"log": "-", "greeter": "sha256:aa"},
    )
    assert pods["late"].node == ""
    assert pods["late"].unscheduled.startswith("0/1 nodes are available: ")


def test_a_server_that_does_not_answer_fails_it_with_kubectls_words(kubectl: Kubectl) -> None:
    script = SURVEY.replace("k3s=/usr/local/bin/k3s", f"k3s={kubectl.k3s}")
    script = script.replace(
        "--kubeconfig /etc/rancher/k3s/k3s.yaml",
        f"--kubeconfig {kubectl.kubeconfig} --server https://127.0.0.1:1",
    )
    asked = subprocess.run(
        ["sh", "-s"], input=script, capture_output=True, text=True, timeout=60, check=False
    )
    assert asked.returncode != 0
    assert "\nend\n" not in asked.stdout
    assert "refused" in asked.stderr
