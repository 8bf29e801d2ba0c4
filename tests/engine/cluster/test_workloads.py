"""What runs in a cluster, shown on a real one: where it goes, how it answers, how many there are.

One server and two agents, made once. Order matters: the last test fills the agents.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from benchmarks.pods.weight import weigh
from lab.deadline import wait_for
from lab.instance import Lab
from tests.engine.cluster.answers import ask
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.program.project import Project

pytestmark = pytest.mark.lab

AGENTS = {"edge-2", "edge-3"}
ROLE = "edge.example.com/role"
GREETER = "registry.lab/greeter:artifact"
LOST_RACE = "unexpected message: InitReady, expected: IntermediateReady"
# What can't start fails the `up` and does not hold it up.
SOON = {"progressDeadlineSeconds": 120}
ON_AGENTS = {
    "namespace": "shop",
    "handler": "wasmtime",
    "nodeSelector": {ROLE: "agent"},
    "strategy": SOON,
}
NAMESPACES: list[dict[str, Any]] = [
    {"name": "shop"},
    {"name": "small", "quota": {"pods": "2"}, "limits": {"max": {"memory": "256Mi"}}},
]
APPS: list[dict[str, Any]] = [
    {**ON_AGENTS, "name": "greeter", "artifact": GREETER, "replicas": 2},
    {
        **ON_AGENTS,
        "name": "busy",
        "artifact": GREETER,
        "service": {
            "type": "LoadBalancer",
            "ports": [{"name": "http", "port": 9080, "targetPort": "http"}],
        },
        "autoscaling": {
            "minReplicas": 1,
            "maxReplicas": 4,
            "cpuAverage": "50m",
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
        },
    },
    {"name": "modest", "namespace": "small", "handler": "wasmtime", "artifact": GREETER},
]
HYBRID_APPS: list[dict[str, Any]] = [
    {
        **ON_AGENTS,
        "name": "camera",
        "proxy": {"artifact": "registry.lab/gate:artifact"},
        "app": {
            "image": "registry.lab/greeter:native",
            "ports": [{"name": "api", "containerPort": 9000}],
            # Kubernetes puts the variable's value there: a native program gets no environment.
            "args": ["0.0.0.0:9000", "$(SHARED_DIR)/access.log"],
        },
        "sidecar": {
            "artifact": "registry.lab/log-tail:artifact",
            "args": ["/shared/access.log"],
        },
        "service": {
            "type": "LoadBalancer",
            "ports": [{"name": "http", "port": 9081, "targetPort": "http"}],
        },
    }
]


@pytest.fixture(scope="module", autouse=True)
def applied(project: Project) -> Project:
    """The cluster with all of it, by one `up`."""
    for node in project.config["nodes"]:
        node["labels"] = {ROLE: "agent" if node["name"] in AGENTS else "server"}
    # The autoscaler looks each 15 s by itself.
    often = {"kube-controller-manager-arg": ["horizontal-pod-autoscaler-sync-period=5s"]}
    project.config["cluster"]["serverConfig"] = often
    project.config["namespaces"] = NAMESPACES
    project.config["apps"] = [dict(app) for app in APPS]
    project.config["hybridApps"] = HYBRID_APPS
    project.write()
    project.up()
    return project


@pytest.fixture(scope="module")
def kubectl(lab: Lab) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


def pods(kubectl: Kubectl, app: str, namespace: str = "shop") -> list[dict[str, Any]]:
    """The pods of an app that are not ending."""
    return kubectl.pods(f"shimyard.dev/app={app}", namespace)


def wait_ready(kubectl: Kubectl, app: str, count: int, namespace: str = "shop") -> None:
    kubectl.wait_ready(f"shimyard.dev/app={app}", count, namespace)


def test_pods_go_only_where_their_handler_is_proven(project: Project, kubectl: Kubectl) -> None:
    """One agent gets another handler; all pods of it go there, however they should be spread."""
    shims = project.config["runtime"]["shims"]
    shims.append({**shims[0], "handler": "second"})
    project.config["apps"].append(
        {"name": "picky", "namespace": "shop", "handler": "second", "artifact": GREETER,
         "replicas": 3}
    )  # fmt: skip
    project.write()
    targets = ("ContainerRuntime::edge-2", "cluster:Node::edge-2", "RuntimeClass::*second", "picky")
    project.up(*(f"--target=**{target}" for target in targets))
    wait_ready(kubectl, "picky", 3)
    assert {pod["spec"]["nodeName"] for pod in pods(kubectl, "picky")} == {"edge-2"}
    # Nowhere is it proven any more: the next pod waits, and says for what.
    kubectl("label", "node", "edge-2", "handler.shimyard.dev/second-")
    kubectl("scale", "deployment/picky", "--namespace=shop", "--replicas=4")

    def missing() -> str | None:
        waiting = [pod for pod in pods(kubectl, "picky") if "nodeName" not in pod["spec"]]
        told = [c.get("message", "") for pod in waiting for c in pod["status"]["conditions"]]
        return None if any("node affinity/selector" in each for each in told) else str(told)

    wait_for("a pod that can't be placed", missing, seconds=30, interval=0.5)
    kubectl("scale", "deployment/picky", "--namespace=shop", "--replicas=0")


def test_a_hybrid_app_answers_through_its_proxy_and_its_sidecars_log_can_be_read(
    lab: Lab, kubectl: Kubectl
) -> None:
    # Through a LoadBalancer on an agent.
    node = lab.node("edge-2")
    answer = ask(node, "/hello/Ada?language=fi", port=9081)
    assert answer.status == 200
    assert json.loads(answer.body)["greeting"] == "Hei, Ada!"
    assert answer.headers["via"] == "1.1 gate"
    assert ask(node, "/nothing", port=9081).status == 404
    (pod,) = pods(kubectl, "camera")

    def missing() -> str | None:
        name = pod["metadata"]["name"]
        log = kubectl("logs", name, "--namespace=shop", "--container=sidecar")
        wanted = {"GET /hello/Ada?language=fi 200", "GET /nothing 404"}
        return None if wanted <= set(log.splitlines()) else log

    wait_for("the sidecar's log", missing, seconds=20, interval=0.5)


def test_a_namespace_refuses_more_than_its_quota_and_its_limits(kubectl: Kubectl) -> None:
    kubectl("scale", "deployment/modest", "--namespace=small", "--replicas=3")
    wait_ready(kubectl, "modest", 2, "small")

    def missing() -> str | None:
        status = kubectl.get("deployment", "modest", "--namespace=small")["status"]
        told = [each["message"] for each in status["conditions"]]
        return None if any("exceeded quota: shimyard" in each for each in told) else str(told)

    wait_for("the refusal", missing, seconds=30, interval=0.5)
    assert len(pods(kubectl, "modest", "small")) == 2
    kubectl("scale", "deployment/modest", "--namespace=small", "--replicas=1")
    wait_ready(kubectl, "modest", 1, "small")
    big = kubectl.get("deployment", "modest", "--namespace=small")
    big["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] = "1Gi"
    kubectl.apply(big)

    def refused() -> str | None:
        status = kubectl.get("deployment", "modest", "--namespace=small")["status"]
        told = [each["message"] for each in status["conditions"]]
        wanted = "maximum memory usage per Container is 256Mi"
        return None if any(wanted in each for each in told) else str(told)

    wait_for("the limits' refusal", refused, seconds=30, interval=0.5)
    # The old pod stays as long as the new one is refused.
    wait_ready(kubectl, "modest", 1, "small")


def test_a_disruption_budget_lets_one_pod_go_at_a_time(lab: Lab, kubectl: Kubectl) -> None:
    first, second = (pod["metadata"]["name"] for pod in pods(kubectl, "greeter"))
    server = lab.node("edge-1")

    def evict(name: str) -> str:
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": "shop"},
        }
        path = f"/api/v1/namespaces/shop/pods/{name}/eviction"
        told = server.run(
            ["k3s", "kubectl", "create", f"--raw={path}", "--filename=-"],
            stdin=json.dumps(eviction), check=False,
        )  # fmt: skip
        return told.stdout + told.stderr

    # Without a place for another one, the first stays missing.
    kubectl("cordon", *sorted(AGENTS))
    try:
        assert "Success" in evict(first)
        assert "violate the pod's disruption budget" in evict(second)
        left = [pod["metadata"]["name"] for pod in pods(kubectl, "greeter") if is_ready(pod)]
        assert left == [second]
    finally:
        kubectl("uncordon", *sorted(AGENTS))
    wait_ready(kubectl, "greeter", 2)


@contextmanager
def load(lab: Lab, port: int) -> Iterator[None]:
    """Requests one after the other from outside of the cluster, as long as the block lasts."""
    url = f"http://{lab.node('edge-2').address}:{port}/hello/load"
    argv = ["wrk", "--threads=1", "--connections=1", "--duration=300s", url]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as running:
        try:
            yield
        finally:
            running.terminate()


def test_load_makes_more_pods_by_their_own_metrics_and_its_end_makes_them_go(
    lab: Lab, kubectl: Kubectl
) -> None:
    def scaled(to: int) -> str | None:
        status = kubectl.get("hpa", "busy", "--namespace=shop")["status"]
        return None if status.get("desiredReplicas") == to else json.dumps(status)

    wait_ready(kubectl, "busy", 1)
    with load(lab, 9080):
        wait_for("more pods under load", lambda: scaled(4), seconds=180, interval=1)
        wait_ready(kubectl, "busy", 4)
        listed = json.loads(
            kubectl("get", "--raw=/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods")
        )
        busy = [
            container["usage"]
            for pod in listed["items"]
            if pod["metadata"]["labels"]["shimyard.dev/app"] == "busy"
            for container in pod["containers"]
        ]
        # Cores in billionths, and bytes in Ki: what the engine and the component really took.
        assert max(int(usage["cpu"].removesuffix("n")) for usage in busy) > 50_000_000
        assert all(int(usage["memory"].removesuffix("Ki")) > 500 for usage in busy)
    wait_for("fewer pods without load", lambda: scaled(1), seconds=180, interval=1)
    wait_ready(kubectl, "busy", 1)


def test_a_hundred_replicas_are_ready_on_two_agents(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    project.config["apps"][0]["replicas"] = 100
    project.write()
    project.up("--target=**greeter")
    wait_ready(kubectl, "greeter", 100)
    ready = pods(kubectl, "greeter")
    assert {pod["spec"]["nodeName"] for pod in ready} == AGENTS
    statuses = [pod["status"]["containerStatuses"][0] for pod in ready]
    # On a busy machine, a start in some hundreds loses a race in the shim (youki-dev/youki's pull
    # request 3504), and kubelet starts the container again.
    ends = [each["lastState"]["terminated"] for each in statuses if each["restartCount"]]
    assert [end for end in ends if LOST_RACE not in end.get("message", "")] == []
    # What benchmarks/density.py counts is there: a shim, a sandbox and a container each.
    weight = weigh(lab, sorted(AGENTS))
    assert min(weight.shims, weight.sandboxes, weight.containers) > 100 * 20_000
    assert weight.nodes > weight.cgroups > weight.sandboxes
