"""One server and two agents on Shimyard's containerd: pods, Wasm pods, names, services, metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.deadline import wait_for
from lab.nodes.node import Node
from shimyard.settings.stack import K3S_CNI_CONFIG
from tests.lab.k3s.cluster import Cluster, probes, service
from tests.lab.k3s.external import SHIM, SOCKET, install_containerd

pytestmark = pytest.mark.lab

NAMES = ("edge-1", "edge-2", "edge-3")
RUNTIME = {"container-runtime-endpoint": SOCKET}


@pytest.fixture(scope="module")
def cluster(cluster_lab: Callable[[int], Cluster], images: dict[str, Path]) -> Cluster:
    made = cluster_lab(3)
    for node in made.nodes:
        install_containerd(made.lab, node, images)
    first = {"agent-token": "only-agents", "disable": ["traefik", "runtimes"], **RUNTIME}
    made.start(made.server, "server", first)
    # Expiring tokens are what agents get; the second comes in full form too.
    expiring = made.server.run(["k3s", "token", "create", "--ttl=10m"]).stdout.strip()
    for node, token in zip(made.nodes[1:], (made.token("agent-token"), expiring), strict=True):
        made.start(node, "agent", {"server": made.url(), "token": token, **RUNTIME})
    made.wait_ready(*NAMES)
    made.apply(probes("web", 3), service("web"), service("front", "LoadBalancer"))
    made.wait_pods("app=web", 3)
    return made


def test_all_nodes_run_on_the_external_containerd(cluster: Cluster) -> None:
    for node in cluster.nodes:
        assert node.run(["pgrep", "--full", "/run/k3s/containerd"], check=False).stdout == ""
    versions = {
        each["status"]["nodeInfo"]["containerRuntimeVersion"]
        for each in cluster.get("nodes")["items"]
    }
    assert len(versions) == 1
    assert versions.pop().startswith("containerd://2.")
    assert cluster.kubectl("get", "runtimeclasses", "--output=name") == ""


def test_pods_reach_each_other_across_nodes_and_services_by_name(cluster: Cluster) -> None:
    pods = {
        pod["metadata"]["name"]: (pod["spec"]["nodeName"], pod["status"]["podIP"])
        for pod in cluster.wait_pods("app=web", 3)
    }
    assert {node for node, _ in pods.values()} == set(NAMES)

    def unknown() -> str | None:
        # Each node's kube-proxy learns a moment later who is Ready.
        told = [
            cluster.ask(f"{asker}:8080", "/fetch?url=http://web/name") for _, asker in pods.values()
        ]
        return None if set(told) <= set(pods) else str(told)

    wait_for("the Service on each node", unknown, seconds=20, interval=0.2)
    for _, asker in pods.values():
        for name, (_, asked) in pods.items():
            assert cluster.ask(f"{asker}:8080", f"/fetch?url=http://{asked}:8080/name") == name
        by_name = cluster.ask(
            f"{asker}:8080", "/fetch?url=http://web.default.svc.cluster.local/name"
        )
        assert by_name in pods


def test_metrics_of_nodes_and_pods_are_there(cluster: Cluster) -> None:
    def missing() -> str | None:
        seen = cluster.server.run(["k3s", "kubectl", "top", "pods", "--no-headers"], check=False)
        lines = [line for line in seen.stdout.splitlines() if line.startswith("web-")]
        return None if len(lines) == 3 else seen.stdout + seen.stderr

    wait_for("metrics", missing, seconds=120, interval=2)
    nodes = cluster.kubectl("top", "nodes", "--no-headers").splitlines()
    assert {line.split()[0] for line in nodes} == set(NAMES)


def test_a_wasm_pod_answers_and_has_metrics(cluster: Cluster) -> None:
    kind = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass"}
    cluster.apply({**kind, "metadata": {"name": SHIM}, "handler": SHIM})
    container = {"image": "docker.io/lab/greeter:1", "name": "greeter"}
    cluster.apply(
        probes("greeter", 2, container=container, runtimeClassName=SHIM), service("greeter")
    )
    pods = cluster.wait_pods("app=greeter", 2, seconds=90)
    for pod in pods:
        answer = cluster.ask(f"{pod['status']['podIP']}:8080", "/hello/edge")
        assert "edge" in answer

    def missing() -> str | None:
        seen = cluster.server.run(["k3s", "kubectl", "top", "pods", "--no-headers"], check=False)
        return None if "greeter-" in seen.stdout else seen.stdout + seen.stderr

    wait_for("metrics of Wasm pods", missing, seconds=120, interval=2)


def wait_logged(cluster: Cluster, node: Node, text: str) -> None:
    """Wait until the agent has logged this."""

    def missing() -> str | None:
        log = cluster.log(node, "agent")
        return None if text in log else log[-2000:]

    wait_for(text, missing, seconds=40)


def test_a_wrong_token_joins_nothing(cluster: Cluster) -> None:
    node = cluster.nodes[2]
    good = cluster.token("agent-token")
    refused = {
        # Another cluster's CA: noticed before the token is shown.
        "K10" + "0" * 64 + "::node:only-agents": "token CA hash does not match",
        good.rpartition(":")[0] + ":guessed": "401 Unauthorized",
    }
    node.run(["systemctl", "stop", "k3s-agent"])
    node.run(["sh", "-c", "rm -f /var/lib/rancher/k3s/agent/*.crt"])
    for token, message in refused.items():
        cluster.prepare(node, "agent", {"server": cluster.url(), "token": token, **RUNTIME})
        node.run(["systemctl", "start", "--no-block", "k3s-agent"])
        wait_logged(cluster, node, message)
        node.run(["systemctl", "stop", "k3s-agent"])
    cluster.start(node, "agent", {"server": cluster.url(), "token": good, **RUNTIME})
    cluster.wait_ready(*NAMES)


def test_an_agents_token_makes_no_server(cluster: Cluster) -> None:
    node = cluster.nodes[2]
    config = {"server": cluster.url(), "token": cluster.token("agent-token"), **RUNTIME}
    node.run(["systemctl", "stop", "k3s-agent"])
    cluster.prepare(node, "server", config, restart="no")
    started = node.run(["systemctl", "start", "k3s"], check=False)
    assert started.returncode != 0
    assert "403" in cluster.log(node, "server")
    node.run(["rm", "/etc/systemd/system/k3s.service"])
    node.run(["systemctl", "daemon-reload"])
    cluster.start(node, "agent", config)


def test_a_name_is_kept_by_its_password_until_the_node_is_deleted(cluster: Cluster) -> None:
    node = cluster.nodes[2]
    node.run(["systemctl", "stop", "k3s-agent"])
    node.run(["rm", "/etc/rancher/node/password"])
    node.run(["systemctl", "start", "--no-block", "k3s-agent"])
    text = "Node password rejected, duplicate hostname"
    wait_logged(cluster, node, text)
    cluster.kubectl("delete", "node", node.name)
    cluster.wait_ready(*NAMES)

    def stale() -> str | None:
        given = cluster.get("node", node.name)["spec"].get("podCIDR", "none")
        used = node.run(["cat", f"{K3S_CNI_CONFIG}/10-flannel.conflist"]).stdout
        return None if given in used else f"{given} is not in {used}"

    # The node has another range of addresses now, and a pod must not get one of the former.
    wait_for("the range of the new node", stale, seconds=30)


def test_expiring_tokens_are_listed_and_deleted(cluster: Cluster) -> None:
    created = cluster.server.run(
        ["k3s", "token", "create", "--ttl=5m", "--description=for a test"]
    ).stdout.strip()
    identity = created.rpartition("::")[2].partition(".")[0]
    listed = cluster.server.run(["k3s", "token", "list"]).stdout
    assert "for a test" in next(line for line in listed.splitlines() if line.startswith(identity))
    cluster.server.run(["k3s", "token", "delete", identity])
    assert identity not in cluster.server.run(["k3s", "token", "list"]).stdout


def test_pods_scale_on_metrics(cluster: Cluster) -> None:
    cluster.apply(
        probes("busy", 1),
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "busy"},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "busy"},
                "minReplicas": 1,
                "maxReplicas": 2,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "averageUtilization": 50},
                        },
                    }
                ],
            },
        },
    )
    pod = cluster.wait_pods("app=busy", 1)[0]["status"]["podIP"]

    def missing() -> str | None:
        answer = cluster.ask(f"{pod}:8080", "/burn?ms=1500")
        if answer != "burned":
            return answer
        status = cluster.get("hpa", "busy")["status"]
        return None if status.get("desiredReplicas") == 2 else json.dumps(status)

    wait_for("a second pod", missing, seconds=120)
    cluster.kubectl("delete", "hpa/busy", "deployment/busy")
