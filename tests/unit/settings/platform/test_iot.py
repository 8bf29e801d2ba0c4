"""Gateways: what they are by default, and what is refused before a device is polled."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from shimyard.settings.base import FieldError
from shimyard.settings.platform import IoTGatewaySettings
from shimyard.settings.platform.topics import overlaps
from tests.unit.settings.workloads.apps import accepted, refusal

SECRET = "correct horse"
USER: dict[str, Any] = {"name": "dashboard", "password": SECRET}
REGISTER: dict[str, Any] = {"name": "temperature", "address": 0}
DEVICE: dict[str, Any] = {"name": "boiler", "host": "10.20.0.5", "registers": [REGISTER]}
GATEWAY: dict[str, Any] = {
    "name": "hall",
    "namespace": "shop",
    "handler": "wasmtime",
    "broker": {"image": "registry.lab/mosquitto:2", "users": [USER]},
    "bridge": {"image": "registry.lab/bridge:1", "password": SECRET},
    "filter": {"artifact": "registry.lab/filter:1"},
    "devices": [DEVICE],
}
PLACE = "platform.iotGateways[0]"


def gateways(
    broker: dict[str, Any] | None = None,
    bridge: dict[str, Any] | None = None,
    wasm: dict[str, Any] | None = None,
    device: dict[str, Any] | None = None,
    register: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A section with one gateway of one device with one register, some fields of them changed."""
    made = copy.deepcopy(GATEWAY)
    made["broker"] |= broker or {}
    made["bridge"] |= bridge or {}
    made["filter"] |= wasm or {}
    made["devices"][0] |= device or {}
    if register is not None:
        made["devices"][0]["registers"][0] |= register
    return {"iotGateways": [{**made, **changes}]}


def made(**changes: Any) -> IoTGatewaySettings:
    """The settings of the gateway."""
    (found,) = accepted(platform=gateways(**changes)).platform.iot_gateways
    return found


def test_a_gateway_keeps_to_itself_unless_it_is_asked() -> None:
    gateway = made()
    assert not gateway.host_network
    assert not gateway.broker.anonymous
    assert gateway.fewest_pods == 1
    assert (gateway.broker.outer_port, gateway.broker.inner_port) == (1883, 1883)
    assert [port.name for port in gateway.ports] == ["mqtt"]


def test_with_a_certificate_only_the_bridge_speaks_without() -> None:
    gateway = made(broker={"tls": {"secretName": "hall-tls"}})
    assert (gateway.broker.outer_port, gateway.broker.inner_port) == (8883, 1883)
    assert [port.name for port in gateway.ports] == ["mqtts"]


def test_what_is_wired_to_the_machine_is_reached_over_its_network() -> None:
    namespace = {"podSecurity": {"enforce": "privileged"}}
    platform = gateways(device={"host": "127.0.0.1"}, hostNetwork=True)
    (found,) = accepted(platform=platform, namespace=namespace).platform.iot_gateways
    assert found.host_network


def test_a_gateway_without_devices_serves_sensors_that_publish() -> None:
    assert made(devices=[]).devices == []


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        # The broker.
        ({"broker": {"users": []}}, "broker.users", "set anonymous: true to let everybody in"),
        ({"broker": {"users": [USER, USER]}}, "broker.users[1].name", "'dashboard' stands twice"),
        (
            {"broker": {"users": [{**USER, "name": "bridge"}]}},
            "broker.users[0].name",
            "'bridge' is the bridge's own; rename it, or bridge.user",
        ),
        (
            {"broker": {"users": [{**USER, "name": "a:b"}]}},
            "broker.users[0].name",
            "is not a level of a topic",
        ),
        (
            {"broker": {"users": [{**USER, "password": "short"}]}},
            "broker.users[0].password",
            "is shorter than 8 characters",
        ),
        (
            {"broker": {"users": [{**USER, "read": []}]}},
            "broker.users[0].read",
            "the user may do nothing",
        ),
        (
            {"broker": {"users": [{**USER, "read": ["a/#/b"]}]}},
            "broker.users[0].read[0]",
            "is not a topic filter",
        ),
        (
            {"broker": {"users": [{**USER, "write": ["a\ntopic readwrite #"]}]}},
            "broker.users[0].write[0]",
            "is not a topic filter",
        ),
        (
            {"broker": {"tls": {"secretName": "t"}, "port": 1883}},
            "broker.port",
            "where the bridge speaks to the broker",
        ),
        # The bridge.
        ({"bridge": {"filteredTopic": "raw/clean"}}, "bridge.filteredTopic", "for ever"),
        ({"bridge": {"rawTopic": "plant/+"}}, "bridge.rawTopic", "without '+' and '#'"),
        ({"bridge": {"queueLength": 0}}, "bridge.queueLength", "greater than or equal to 1"),
        ({"bridge": {"statusPort": 1883}}, "bridge.statusPort", "1883 is that of broker.port"),
        # The filter.
        ({"wasm": {"image": "registry.lab/f:1"}}, "filter", "exactly one of image and artifact"),
        ({"wasm": {"ports": []}}, "filter.ports", "listens on 127.0.0.1 only"),
        ({"wasm": {"probes": {}}}, "filter.probes", "listens on 127.0.0.1 only"),
        ({"wasm": {"port": 8090}}, "filter.port", "8090 is that of bridge.statusPort"),
        (
            {"wasm": {"env": [{"name": "WASMTIME_HTTP_PROXY_SOCKET_ADDR", "value": "x"}]}},
            "filter.env[0].name",
            "is what port says",
        ),
        (
            {"wasm": {"volumes": [{"name": "broker-data", "mountPath": "/a", "emptyDir": {}}]}},
            "filter.volumes[0].name",
            "is the gateway's",
        ),
        (
            {"wasm": {"volumes": [{"name": "a", "mountPath": "/a", "hostPath": {"path": "/a"}}]}},
            "filter.volumes[0].hostPath",
            "set allowHostPath",
        ),
        # Devices.
        ({"devices": [DEVICE, DEVICE]}, "devices[1].name", "'boiler' stands twice"),
        ({"device": {"host": "10.20.0.5:502"}}, "devices[0].host", "without a port"),
        ({"device": {"host": "127.0.0.1"}}, "devices[0].host", "set hostNetwork: true"),
        ({"device": {"host": "localhost"}}, "devices[0].host", "set hostNetwork: true"),
        ({"device": {"name": "a/b"}}, "devices[0].name", "is not a level of a topic"),
        ({"device": {"unitId": 256}}, "devices[0].unitId", "less than or equal to 255"),
        (
            {"device": {"timeoutMilliseconds": 2000}},
            "devices[0].timeoutMilliseconds",
            "is longer than pollIntervalMilliseconds (1000)",
        ),
        ({"device": {"registers": []}}, "devices[0].registers", "is empty"),
        (
            {"device": {"registers": [REGISTER, REGISTER]}},
            "devices[0].registers[1].name",
            "'temperature' stands twice",
        ),
        ({"register": {"address": 65536}}, "devices[0].registers[0].address", "less than 65536"),
        (
            {"register": {"address": 65535, "type": "float32"}},
            "devices[0].registers[0].address",
            "the 2 registers of a float32 go past the last one",
        ),
        ({"register": {"scale": 0}}, "devices[0].registers[0].scale", "every reading the same"),
        ({"register": {"scale": float("inf")}}, "devices[0].registers[0].scale", "finite"),
        (
            {"register": {"table": "coil", "scale": 2}},
            "devices[0].registers[0].scale",
            "a coil is a bit",
        ),
        # The pod.
        ({"handler": "spin"}, "handler", "can't start the broker; choose a handler of wasmtime"),
        ({"replicas": 2}, "replicas", "is more than 1, and two brokers"),
        ({"autoscaling": {"maxReplicas": 3}}, "autoscaling", "two brokers"),
        ({"strategy": {"type": "RollingUpdate"}}, "strategy.type", "two brokers"),
        (
            {"podOverride": {"hostNetwork": True}},
            "podOverride.hostNetwork",
            "is a field of the gateway itself; set hostNetwork",
        ),
        ({"hostNetwork": True}, "hostNetwork", "enforces 'restricted' pod security"),
        (
            {"hostNetwork": True, "broker": {"port": 883}},
            "broker.port",
            "is one of the machine's below 1024",
        ),
        ({"namespace": "nowhere"}, "namespace", "there is no namespace 'nowhere'"),
        ({"name": "greeter"}, "name", "is apps[0] already"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_mend(
    changes: dict[str, Any], field: str, told: str
) -> None:
    error = refusal(platform=gateways(**changes))
    assert error.fields == [f"{PLACE}.{field}"]
    assert told in str(error)
    assert SECRET not in str(error)


def test_a_namespace_that_lets_nothing_out_has_no_device_outside() -> None:
    namespace = {"networkPolicy": {"denyEgress": True}}
    error = refusal(platform=gateways(), namespace=namespace)
    assert error.fields == [f"{PLACE}.devices[0].host"]
    assert "set its denyEgress to false" in str(error)
    accepted(platform=gateways(device={"host": "plc"}), namespace=namespace)


def test_without_a_cluster_there_is_no_gateway() -> None:
    error = refusal(platform=gateways(), cluster=None, namespaces=[], apps=[], hybridApps=[])
    assert error.fields == ["platform.iotGateways"]
    assert "need a cluster to run in" in str(error)


@pytest.mark.parametrize("shim", ["wasmedge", "wasmer", "wamr"])
def test_a_shim_that_serves_no_http_can_not_run_the_filter(shim: Any) -> None:
    with pytest.raises(FieldError, match="serves no HTTP for a component"):
        made().check_with(shim)


def test_topics_overlap_by_whole_levels() -> None:
    assert overlaps("raw", "raw/clean")
    assert overlaps("plant/raw", "plant")
    assert overlaps("raw", "raw")
    assert not overlaps("raw", "rawest")
