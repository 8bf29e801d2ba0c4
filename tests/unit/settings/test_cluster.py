"""Mistakes in a cluster, and rules between it and the machines of its stack."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from shimyard.settings import SettingsError, StackSettings, parse
from shimyard.settings.k3s import OWN_KEYS, release
from tests.unit.settings.stacks import VALID, WHERE

VERSION = "1.36.3+k3s1"
LOGIN = {"user": "edge", "agent": True}


def stack(*, node: dict[str, Any] | None = None, **cluster: Any) -> dict[str, Any]:
    """Five machines with a cluster; fields of the first machine and of the cluster changed."""
    raw = copy.deepcopy(VALID)
    raw["nodes"] = [
        {"name": f"edge-{number}", "address": f"10.0.0.{number}"} for number in range(1, 6)
    ]
    raw["nodes"][0].update(node or {})
    raw["cluster"] = {"version": VERSION, "servers": ["edge-1"], **cluster}
    return raw


def accepted(**changes: Any) -> StackSettings:
    return parse(stack(**changes), where=WHERE)


def refusal(**changes: Any) -> SettingsError:
    try:
        accepted(**changes)
    except SettingsError as error:
        return error
    raise AssertionError("the settings were accepted")


THREE = ["edge-1", "edge-2", "edge-3"]

MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    # Servers and agents
    ({"servers": []}, "servers", "is empty; add at least one entry"),
    (
        {"servers": THREE[:2]},
        "servers",
        "are 2: an even number survives no more failures than 1; use 1 or 3",
    ),
    (
        {"servers": [*THREE, "edge-4"]},
        "servers",
        "are 4: an even number survives no more failures than 3; use 3 or 5",
    ),
    ({"servers": ["edge-1", "edge-2", "edge-1"]}, "servers", "name 'edge-1' twice; keep one"),
    ({"servers": ["Edge"]}, "servers[0]", "is not a DNS label"),
    (
        {"servers": ["edge-9"]},
        "servers",
        "there is no node 'edge-9'; the stack has edge-1, edge-2, edge-3, edge-4, edge-5",
    ),
    ({"agents": ["edge-9"]}, "agents", "there is no node 'edge-9'; the stack has edge-1"),
    ({"agents": ["edge-2", "edge-2"]}, "agents", "name 'edge-2' twice; keep one"),
    (
        {"agents": ["edge-1"]},
        "agents",
        "name 'edge-1', which is a server; servers run workloads, too",
    ),
    (
        {"servers": THREE, "datastore": "sqlite"},
        "datastore",
        "is sqlite, which only one server can use; write etcd",
    ),
    ({"datastore": "postgres"}, "datastore", "should be one of: 'auto', 'sqlite', 'etcd'"),
    # Versions
    ({"version": "1.36.3"}, "version", "has no K3s release; write it like '1.36.3+k3s1'"),
    ({"version": "v1.36.3+k3s1"}, "version", "is not a version"),
    ({"agentVersion": "1.36.3"}, "agentVersion", "has no K3s release; write it like '1.36.3+k3s1'"),
    (
        {"agentVersion": "1.36.4+k3s1"},
        "agentVersion",
        "is newer than the servers' 1.36.3+k3s1; raise version first",
    ),
    (
        {"agentVersion": "1.37.0+k3s1"},
        "agentVersion",
        "is newer than the servers' 1.36.3+k3s1; raise version first",
    ),
    (
        {"agentVersion": "1.32.9+k3s1"},
        "agentVersion",
        "is more than 3 minor versions older than the servers' 1.36.3+k3s1; raise it",
    ),
    # Networks
    ({"clusterCidr": "10.43.128.0/17"}, "serviceCidr", "overlaps clusterCidr 10.43.128.0/17"),
    ({"clusterCidr": "10.42.0.1/16"}, "clusterCidr", "is no network; write it like '10.42.0.0/16'"),
    ({"serviceCidr": "services"}, "serviceCidr", "is no network; write it like '10.42.0.0/16'"),
    ({"serviceCidr": "fd00::/108"}, "serviceCidr", "is no network; write it like '10.42.0.0/16'"),
    (
        {"serviceCidr": "10.99.0.0/29"},
        "serviceCidr",
        "has no tenth address, which cluster DNS gets; use /28 or a larger network",
    ),
    ({"flannelBackend": "calico"}, "flannelBackend", "should be one of: 'vxlan', 'host-gw'"),
    ({"endpoint": "https://api.lab:6443"}, "endpoint", "is neither a host name nor an IP address"),
    ({"tlsSans": ["a b"]}, "tlsSans[0]", "is neither a host name nor an IP address"),
    # Further keys
    (
        {"serverConfig": {"tls-san": ["x"]}},
        "serverConfig.tls-san",
        "is written by Shimyard; the cluster has a field for it",
    ),
    (
        {"serverConfig": {"kubelet-arg+": ["x"]}},
        "serverConfig.kubelet-arg+",
        "is written by Shimyard; the cluster has a field for it",
    ),
    (
        {"agentConfig": {"token": "x"}},
        "agentConfig.token",
        "is written by Shimyard; the cluster has a field for it",
    ),
    ({"serverConfig": {"x": float("nan")}}, "serverConfig.x", "should be a finite number"),
    ({"agentConfig": {"x": [2**53 + 1]}}, "agentConfig.x[0]", "numbers are no longer exact"),
    (
        {"serverConfig": {"x": [{"n" * 1000: 1}]}},
        "serverConfig",
        "has a name of more than 1000 characters; shorten it",
    ),
    ({"kubeletArgs": {"max-pods": 250}}, "kubeletArgs.max-pods", "should be text; put it in quo"),
    ({"kubeletArgs": {"a\nb": "x"}}, "kubeletArgs.a\\nb", "has a control character"),
    ({"disable": ["dns"]}, "disable[0]", "should be one of: 'coredns', 'local-storage'"),
    # Pace
    ({"rollout": {"maxUnavailable": 0}}, "rollout.maxUnavailable", "should be greater than or eq"),
    ({"rollout": {"maxUnavailable": "10%"}}, "rollout.maxUnavailable", "should be a whole number"),
    ({"rollout": {"readyTimeout": 0}}, "rollout.readyTimeout", "should be greater than or equal"),
    ({"rollout": {"drain": {"gracePeriod": -1}}}, "rollout.drain.gracePeriod", "should be greater"),
    ({"rollout": {"drain": {"timeout": 90_000}}}, "rollout.drain.timeout", "should be less than"),
    ({"rollout": {"drains": {}}}, "rollout.drains", "there is no such field; did you mean 'drain'"),
]


@pytest.mark.parametrize(("change", "field", "sentence"), MISTAKES)
def test_a_mistake_in_a_cluster_names_its_field_and_the_mend(
    change: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(**change)
    assert error.fields == [f"cluster.{field}"]
    assert sentence in str(error)


def test_a_key_of_k3s_that_is_nested_too_deeply_is_refused() -> None:
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    error = refusal(serverConfig={"x": deep})
    assert "cluster.serverConfig.x[0][0]" in str(error)
    assert "is nested more than 32 levels deep; write it flatter" in str(error)


NODES: list[tuple[dict[str, Any], str, str]] = [
    ({"taints": ["a"]}, "taints[0]", "is not a taint; write 'key=value:NoSchedule' as kubectl"),
    ({"taints": ["a=b"]}, "taints[0]", "is not a taint"),
    ({"taints": ["a=b:Never"]}, "taints[0]", "is not a taint"),
    ({"taints": ["a b:NoSchedule"]}, "taints[0]", "is not a taint"),
    ({"taints": ["a:NoSchedule-"]}, "taints[0]", "is not a taint"),
    ({"taints": ["-a:NoSchedule"]}, "taints[0]", "is not a taint"),
    ({"taints": ["a:NoExecute\n"]}, "taints[0]", "is not a taint"),
    (
        {"taints": ["a=b:NoSchedule", "a=c:NoSchedule"]},
        "taints",
        "name 'a:NoSchedule' twice; a node has one value for each key and effect",
    ),
    ({"internalIp": "edge-1"}, "internalIp", "is no IPv4 address; write it like '10.0.0.1'"),
    ({"internalIp": "10.0.0.1/24"}, "internalIp", "is no IPv4 address; write it like '10.0.0.1'"),
    ({"internalIp": "fd00::1"}, "internalIp", "is no IPv4 address; write it like '10.0.0.1'"),
]


@pytest.mark.parametrize(("change", "field", "sentence"), NODES)
def test_a_mistake_in_what_the_cluster_knows_of_a_node_names_its_field(
    change: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(node=change)
    assert error.fields == [f"nodes[0].{field}"]
    assert sentence in str(error)


def test_a_node_may_have_taints_of_every_kind() -> None:
    taints = ["a=b:NoSchedule", "a=c:NoExecute", "x.example.com/y:PreferNoSchedule", "z=:NoExecute"]
    assert accepted(node={"taints": taints}).nodes[0].taints == taints


@pytest.mark.parametrize("key", sorted(OWN_KEYS))
def test_no_key_that_shimyard_writes_can_be_written_twice(key: str) -> None:
    for field in ("serverConfig", "agentConfig"):
        assert refusal(**{field: {key: "x"}}).fields == [f"cluster.{field}.{key}"]


@pytest.mark.parametrize("version", ["1.36.3+k3s1", "1.36.2+k3s9", "1.33.0+k3s1"])
def test_agents_may_be_as_old_as_kubernetes_allows(version: str) -> None:
    cluster = accepted(agentVersion=version).cluster
    assert cluster is not None
    assert cluster.agent_version == version


@pytest.mark.parametrize("count", [1, 3, 5])
def test_an_odd_number_of_servers_is_fine_and_more_than_one_keep_etcd(count: int) -> None:
    names = [f"edge-{number}" for number in range(1, count + 1)]
    cluster = accepted(servers=names).cluster
    assert cluster is not None
    assert cluster.uses_etcd is (count > 1)


def test_one_server_may_keep_etcd() -> None:
    cluster = accepted(datastore="etcd").cluster
    assert cluster is not None
    assert cluster.uses_etcd


def test_all_machines_that_are_no_servers_are_agents_unless_they_are_named() -> None:
    names = [node.name for node in accepted().nodes]
    cluster = accepted(servers=THREE).cluster
    assert cluster is not None
    assert cluster.agents_of(names) == ["edge-4", "edge-5"]
    cluster = accepted(agents=[]).cluster
    assert cluster is not None
    assert cluster.agents_of(names) == []


def test_a_machine_outside_of_the_cluster_has_its_own_network_and_is_drained_by_nobody() -> None:
    settings = accepted(servers=THREE, agents=["edge-4"])
    inside, outside = settings.runtime_of("edge-4"), settings.runtime_of("edge-5")
    assert inside.cni.conf_dir == "/var/lib/rancher/k3s/agent/etc/cni/net.d"
    assert inside.cni.bin_dirs == ["/var/lib/rancher/k3s/data/cni"]
    assert outside.cni.conf_dir == "/etc/cni/net.d"
    assert settings.membership_of("edge-5") is None
    membership = settings.membership_of("edge-4")
    assert membership is not None
    assert [server.name for server in membership.servers] == THREE
    assert parse(VALID, where=WHERE).membership() is None
    assert parse(VALID, where=WHERE).runtime_of("edge-1").cni.conf_dir == "/etc/cni/net.d"


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("1.36.3+k3s1", (1, 36, 3)),
        ("1.36.3-rc1+k3s1", (1, 36, 3)),
        ("1.36.3", (1, 36, 3)),
        ("1.36.3+k3s1-lab", (1, 36, 3)),
    ],
)
def test_a_release_is_told_apart_from_its_build(
    version: str, numbers: tuple[int, int, int]
) -> None:
    assert release(version) == numbers


def test_dns_has_an_address_in_the_smallest_network_that_is_allowed() -> None:
    cluster = accepted(serviceCidr="10.99.0.0/28").cluster
    assert cluster is not None
    assert str(cluster.dns_address) == "10.99.0.10"
