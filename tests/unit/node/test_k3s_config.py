"""K3s's config.yaml: what each role is told, and nothing of the other one's."""

from __future__ import annotations

import pytest
import yaml

from shimyard.node.k3s_config import entrance_config, k3s_config
from shimyard.rendering import render_yaml
from shimyard.settings.k3s import server_url
from tests.unit.node.k3s_states import node, settings


def test_only_the_server_that_starts_a_cluster_of_etcd_starts_one() -> None:
    etcd, sqlite = settings(), settings(datastore="sqlite")
    assert entrance_config(etcd, joins=None) == {"cluster-init": True}
    assert set(entrance_config(etcd, joins="10.0.0.1")) == {"server", "token-file"}
    assert entrance_config(sqlite, joins=None) == {}


def test_how_a_server_has_joined_does_not_stand_in_its_config() -> None:
    for joins in (None, "10.0.0.1"):
        config = k3s_config(settings(), node(), "server", joins=joins)
        assert not {"server", "cluster-init"} & set(config)
        assert config["token-file"] == "/etc/rancher/k3s/token"


def test_an_agent_is_told_nothing_that_only_a_server_knows() -> None:
    agent = k3s_config(settings(tlsSans=["api.lab"]), node(), "agent", joins="10.0.0.1")
    assert set(agent) == {"node-name", "token-file", "container-runtime-endpoint", "server"}


def test_each_role_gets_the_keys_of_its_own() -> None:
    both = settings(serverConfig={"etcd-s3": True}, agentConfig={"debug": True})
    assert k3s_config(both, node(), "server", joins=None).get("etcd-s3") is True
    assert "debug" not in k3s_config(both, node(), "server", joins=None)
    assert k3s_config(both, node(), "agent", joins="x").get("debug") is True
    assert "etcd-s3" not in k3s_config(both, node(), "agent", joins="x")


def test_the_address_inside_the_cluster_is_told_only_if_it_is_known() -> None:
    assert "node-ip" not in k3s_config(settings(), node(), "server", joins=None)
    inside = node(internalIp="172.16.0.9")
    assert k3s_config(settings(), inside, "agent", joins="x")["node-ip"] == "172.16.0.9"


def test_dns_has_the_tenth_address_of_the_services() -> None:
    config = k3s_config(settings(serviceCidr="10.99.0.0/24"), node(), "server", joins=None)
    assert (config["service-cidr"], config["cluster-dns"]) == ("10.99.0.0/24", "10.99.0.10")


def test_arguments_of_the_kubelet_are_told_to_servers_and_agents() -> None:
    some = settings(kubeletArgs={"fail-cgroupv1": "false", "max-pods": "250"})
    wanted = ["fail-cgroupv1=false", "max-pods=250"]
    assert k3s_config(some, node(), "server", joins=None)["kubelet-arg"] == wanted
    assert k3s_config(some, node(), "agent", joins="x")["kubelet-arg"] == wanted


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("10.0.0.1", "https://10.0.0.1:6443"),
        ("api.lab", "https://api.lab:6443"),
        ("fd00::1", "https://[fd00::1]:6443"),
    ],
)
def test_the_address_of_a_server_becomes_a_url(address: str, url: str) -> None:
    assert server_url(address) == url


@pytest.mark.parametrize(
    "value",
    [
        *("yes", "0x1f", "1_000", "1:30", "null", "~", "<<", "=", "- a", "a: b", "#", "", " a"),
        *("2026-01-01", "1e3", "\u2028", "\x7f", "\x85", "\U0001f600", "\\ud83d", '"', "\ufeff"),
        *(True, None, 0, -1, 2**53, 0.1, -0.0, 1e-9, 1e16, 1.5e300, [], {}, [{"a": [1, None]}]),
    ],
)
def test_a_value_of_the_config_is_read_as_it_was_meant(value: object) -> None:
    text = render_yaml("k3s/config.yaml.j2", {"x": value, "y": {"z": [value]}})
    assert yaml.safe_load(text) == {"x": value, "y": {"z": [value]}}


@pytest.mark.parametrize("key", ["yes", "1", "<<", "a: b", "\u2028", "\U0001f600", '"', "{{ x }}"])
def test_a_key_of_the_config_is_read_as_it_was_meant(key: str) -> None:
    assert yaml.safe_load(render_yaml("k3s/config.yaml.j2", {key: 1})) == {key: 1}
