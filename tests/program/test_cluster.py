"""The cluster of a stack file against Pulumi's mocks: who waits for whom, and what each is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.program.test_stacks import Outcome, outcome, run, stack_file

PRODUCTION = "edge-production"
SERVERS = ["mast-berlin-1", "mast-berlin-2", "mast-berlin-3"]
AGENTS = ["hall-lyon-1", "hall-lyon-2"]


def after(made: Outcome, kind: str, name: str) -> set[str]:
    """'Kind::name' of what a resource waits for."""
    (found,) = [
        each
        for each in made.resources
        if each["type"].rpartition(":")[2] == kind and each["name"] == name
    ]
    return set(found["after"])


def of_cluster(kind: str) -> dict[str, dict[str, Any]]:
    return outcome(PRODUCTION).of(f"shimyard-edge:{kind}")


def test_a_stack_without_a_cluster_makes_none() -> None:
    made = outcome("dev")
    kinds = {each["type"] for each in made.resources}
    assert not any("K3s" in kind or "cluster" in kind or "kubernetes" in kind for kind in kinds)
    assert set(made.exports) == {"nodes"}


@pytest.mark.parametrize(
    ("stack", "servers", "agents"),
    [("lab", ["edge-1"], ["edge-2", "edge-3"]), (PRODUCTION, SERVERS, AGENTS)],
)
def test_each_machine_has_its_role_and_its_node_object(
    stack: str, servers: list[str], agents: list[str]
) -> None:
    made = outcome(stack)
    assert made.error == ""
    assert list(made.of("shimyard-edge:node:K3sServer")) == servers
    assert sorted(made.of("shimyard-edge:node:K3sAgent")) == sorted(agents)
    assert sorted(made.of("shimyard-edge:cluster:Node")) == sorted([*servers, *agents])
    assert list(made.of("shimyard-edge:cluster:Tokens")) == [stack]


def test_servers_come_one_after_the_other_and_then_all_agents() -> None:
    made = outcome(PRODUCTION)
    earlier: list[str] = []
    for name in SERVERS:
        waits = after(made, "K3sServer", name)
        assert f"ContainerRuntime::{name}" in waits
        assert {each for each in waits if each.startswith("K3sServer")} >= set(earlier[-1:])
        earlier.append(f"K3sServer::{name}")
    for name in AGENTS:
        waits = after(made, "K3sAgent", name)
        assert {f"ContainerRuntime::{name}", *earlier} <= waits
        assert not any(each.startswith("K3sAgent") for each in waits)


def test_a_node_is_described_after_its_k3s_and_its_runtime() -> None:
    made = outcome(PRODUCTION)
    assert {"K3sServer::mast-berlin-2", "ContainerRuntime::mast-berlin-2"} <= after(
        made, "Node", "mast-berlin-2"
    )
    assert "K3sAgent::hall-lyon-1" in after(made, "Node", "hall-lyon-1")


def test_what_runs_in_the_cluster_waits_for_all_of_its_nodes() -> None:
    waits = after(outcome(PRODUCTION), "kubernetes", PRODUCTION)
    assert {f"Node::{name}" for name in [*SERVERS, *AGENTS]} <= waits


def test_one_server_starts_the_cluster_and_everybody_else_joins_it() -> None:
    servers, agents = of_cluster("node:K3sServer"), of_cluster("node:K3sAgent")
    assert "joins" not in servers[SERVERS[0]]
    assert [servers[name]["joins"] for name in SERVERS[1:]] == ["10.20.1.11"] * 2
    assert {given["joins"] for given in agents.values()} == {"k3s.berlin.example.com"}
    (agent, *_) = outcome("lab").of("shimyard-edge:node:K3sAgent").values()
    assert agent["joins"] == "10.213.0.11"


def test_every_token_is_a_secret_of_pulumi() -> None:
    for given in (*of_cluster("node:K3sServer").values(), *of_cluster("node:K3sAgent").values()):
        assert given["token"] == "[secret]"
    assert all(given["agentToken"] == "[secret]" for given in of_cluster("node:K3sServer").values())


def test_servers_and_agents_are_told_what_concerns_them() -> None:
    server = of_cluster("node:K3sServer")["mast-berlin-2"]["k3s"]
    assert server["datastore"] == "etcd"
    assert server["tlsSans"] == ["k3s.berlin.example.com", "10.20.1.12"]
    assert (server["clusterCidr"], server["serviceCidr"]) == ("10.142.0.0/16", "10.143.0.0/16")
    assert server["serverConfig"]["etcd-snapshot-retention"] == 12
    agent = of_cluster("node:K3sAgent")["hall-lyon-1"]["k3s"]
    arguments = {"max-pods": "250", "pod-max-pids": "512"}
    assert agent == {"version": "1.32.3+k3s1", "kubeletArgs": arguments}
    lab = outcome("lab").of("shimyard-edge:node:K3sServer")["edge-1"]["k3s"]
    assert lab["datastore"] == "sqlite"


def test_an_endpoint_that_is_one_of_the_servers_changes_no_other_server() -> None:
    config = stack_file(PRODUCTION)
    config["shimyard:cluster"]["endpoint"] = "10.20.1.12"
    made = run(PRODUCTION, config)
    names = [given["k3s"]["tlsSans"] for given in made.of("shimyard-edge:node:K3sServer").values()]
    assert names == [["10.20.1.11"], ["10.20.1.12"], ["10.20.1.13"]]
    assert made.exports["endpoint"] == "https://10.20.1.12:6443"
    agents = made.of("shimyard-edge:node:K3sAgent").values()
    assert {given["joins"] for given in agents} == {"10.20.1.12"}


def test_agents_can_have_an_older_version() -> None:
    config = stack_file(PRODUCTION)
    config["shimyard:cluster"]["agentVersion"] = "1.31.7+k3s1"
    made = run(PRODUCTION, config)
    agents = made.of("shimyard-edge:node:K3sAgent").values()
    versions = {given["k3s"]["version"] for given in agents}
    assert versions == {"1.31.7+k3s1"}
    assert made.of("shimyard-edge:node:K3sServer")[SERVERS[0]]["k3s"]["version"] == "1.32.3+k3s1"


def test_every_resource_of_a_clusters_machine_knows_who_can_drain_it() -> None:
    for kind in ("node:ContainerRuntime", "node:K3sServer", "node:K3sAgent", "cluster:Node"):
        for given in of_cluster(kind).values():
            servers = [server["name"] for server in given["membership"]["servers"]]
            assert servers == SERVERS
            assert given["membership"]["rollout"]["maxUnavailable"] == 2
    (runtime,) = outcome("dev").of("shimyard-edge:node:ContainerRuntime").values()
    assert "membership" not in runtime


def test_a_word_for_the_tokens_reaches_the_tokens() -> None:
    config = stack_file("lab")
    assert outcome("lab").of("shimyard-edge:cluster:Tokens")["lab"].get("generation") is None
    config["shimyard:cluster"]["tokenGeneration"] = "2026-11"
    assert run("lab", config).of("shimyard-edge:cluster:Tokens")["lab"]["generation"] == "2026-11"


def test_a_machine_outside_of_the_cluster_has_no_node_object() -> None:
    config = stack_file(PRODUCTION)
    config["shimyard:cluster"]["agents"] = ["hall-lyon-1"]
    made = run(PRODUCTION, config)
    assert list(made.of("shimyard-edge:node:K3sAgent")) == ["hall-lyon-1"]
    assert "hall-lyon-2" not in made.of("shimyard-edge:cluster:Node")
    runtime = made.of("shimyard-edge:node:ContainerRuntime")["hall-lyon-2"]
    assert "membership" not in runtime
    assert "cni" not in runtime["runtime"]


def test_a_node_has_its_zone_its_labels_its_taints_and_what_is_proven() -> None:
    node = of_cluster("cluster:Node")["hall-lyon-2"]
    assert node["name"] == "hall-lyon-2"
    assert node["labels"] == {
        "topology.kubernetes.io/zone": "lyon",
        "topology.kubernetes.io/region": "fr",
        "edge.example.com/site": "hall",
    }
    assert node["taints"] == ["edge.example.com/cameras=busy:PreferNoSchedule"]
    assert node["handlers"]["runc"]["canary"] == "passed"


def test_the_way_to_the_cluster_is_exported_and_its_key_is_a_secret() -> None:
    made = outcome(PRODUCTION)
    assert made.exports["endpoint"] == "https://k3s.berlin.example.com:6443"
    assert "https://k3s.berlin.example.com:6443" in made.exports["kubeconfig"]
    assert "127.0.0.1" not in made.exports["kubeconfig"]
    provider = made.of("pulumi:providers:kubernetes")[PRODUCTION]
    assert provider["kubeconfig"] == "[secret]"
    # Else another address of the API would replace all that is in the cluster.
    assert provider["clusterIdentifier"] == PRODUCTION
    # What the next `up` after a killed one needs: tests/engine/kubernetes/test_cut_off.py.
    assert (provider["upsertExistingObjects"], provider["enablePatchForce"]) == ("true", "true")
    assert outcome("lab").exports["endpoint"] == "https://10.213.0.11:6443"


def test_an_address_of_version_6_is_a_valid_url() -> None:
    config = stack_file("lab")
    config["shimyard:cluster"]["endpoint"] = "fd00::1"
    made = run("lab", config)
    assert made.exports["endpoint"] == "https://[fd00::1]:6443"
    assert "https://[fd00::1]:6443" in made.exports["kubeconfig"]
