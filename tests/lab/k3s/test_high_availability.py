"""Three servers with embedded etcd, and an agent: one server is lost and replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.deadline import wait_for
from tests.lab.k3s.cluster import DATA, Cluster

pytestmark = pytest.mark.lab

BALANCER = f"{DATA}/agent/etc/k3s-agent-load-balancer.json"
SERVERS = ("edge-1", "edge-2", "edge-3")
AGENT = "edge-4"
SHARED: dict[str, Any] = {"agent-token": "only-agents", "disable": ["traefik"]}


@pytest.fixture(scope="module")
def cluster(cluster_lab: Callable[[int], Cluster]) -> Cluster:
    made = cluster_lab(4)
    made.start(made.server, "server", {"cluster-init": True, **SHARED})
    joining = {"server": made.url(), "token": made.token(), **SHARED}
    # Both at once: one waits until the other is a full member.
    for node in made.nodes[1:3]:
        made.prepare(node, "server", joining)
        node.run(["systemctl", "start", "--no-block", "k3s"])
    made.wait_ready(*SERVERS, seconds=180)
    token = made.token("agent-token")
    made.start(made.nodes[3], "agent", {"server": made.url(), "token": token})
    made.wait_ready(*SERVERS, AGENT)
    return made


def test_each_server_is_a_member_and_says_so(cluster: Cluster) -> None:
    for name in SERVERS:
        metadata = cluster.get("node", name)["metadata"]
        assert metadata["labels"]["node-role.kubernetes.io/etcd"] == "true"
        assert metadata["labels"]["node-role.kubernetes.io/control-plane"] == "true"
        assert metadata["annotations"]["etcd.k3s.cattle.io/node-name"].startswith(f"{name}-")
    assert "node-role.kubernetes.io/etcd" not in cluster.get("node", AGENT)["metadata"]["labels"]


def test_a_server_with_other_networks_is_refused(cluster: Cluster) -> None:
    node = cluster.nodes[3]
    config = {"server": cluster.url(), "token": cluster.token(), "cluster-cidr": "10.99.0.0/16"}
    cluster.prepare(node, "server", {**config, **SHARED}, restart="no")
    assert node.run(["systemctl", "start", "k3s"], check=False).returncode != 0
    assert "critical configuration value mismatch" in cluster.log(node, "server")
    node.run(["sh", "-c", "rm -r /etc/systemd/system/k3s.service /var/lib/rancher/k3s/server"])
    agent = {"server": cluster.url(), "token": cluster.token("agent-token")}
    cluster.prepare(node, "agent", agent)


def test_snapshots_are_saved_listed_and_deleted(cluster: Cluster) -> None:
    saved = cluster.server.run(["k3s", "etcd-snapshot", "save", "--name=before"])
    listed = cluster.server.run(["k3s", "etcd-snapshot", "ls"]).stdout
    name = next(
        line.split()[0] for line in listed.splitlines() if line.startswith("before-edge-1-")
    )
    assert name in saved.stdout + saved.stderr
    path = f"{DATA}/server/db/snapshots/{name}"
    assert cluster.server.run(["stat", "--format=%a", path]).stdout.strip() == "600"
    cluster.server.run(["k3s", "etcd-snapshot", "delete", name])
    assert cluster.server.run(["test", "-e", path], check=False).returncode == 1


def test_the_api_and_the_agent_outlive_a_server_and_another_takes_its_place(
    cluster: Cluster,
) -> None:
    first, second, agent = cluster.nodes[0], cluster.nodes[1], cluster.nodes[3]
    token = cluster.token()

    def uninformed() -> str | None:
        known = agent.run(["cat", BALANCER]).stdout
        return None if all(str(each.address) in known for each in cluster.nodes[:3]) else known

    wait_for("the agent's list of servers", uninformed, seconds=30)
    first.kill()

    def unanswered() -> str | None:
        asked = second.run(["k3s", "kubectl", "get", "nodes", "--request-timeout=3s"], check=False)
        return asked.stderr if asked.returncode else None

    wait_for("the API without the first server", unanswered, seconds=30)
    # The address in its settings is the dead server's.
    agent.run(["systemctl", "restart", "k3s-agent"], seconds=60)
    cluster.wait_ready("edge-2", "edge-3", AGENT, node=second, seconds=120)

    cluster.kubectl("delete", "node", first.name, "--timeout=60s", node=second)
    first.fresh()
    joining = {"server": cluster.url(second), "token": token, **SHARED}
    cluster.start(first, "server", joining)
    cluster.wait_ready(*SERVERS, AGENT, node=second)
    annotations = cluster.get("node", first.name, node=second)["metadata"]["annotations"]
    assert annotations["etcd.k3s.cattle.io/node-address"] == str(first.address)


def test_a_member_leaves_when_its_nodes_annotation_asks_for_it(cluster: Cluster) -> None:
    leaver = cluster.nodes[2].name
    member = cluster.get("node", leaver)["metadata"]["annotations"]["etcd.k3s.cattle.io/node-name"]
    cluster.kubectl("annotate", "node", leaver, "etcd.k3s.cattle.io/remove=true")

    def remains() -> str | None:
        annotations = cluster.get("node", leaver)["metadata"]["annotations"]
        removed = annotations.get("etcd.k3s.cattle.io/removed-node-name")
        return None if removed == member else str(annotations)

    wait_for("the member's removal", remains, seconds=60)
