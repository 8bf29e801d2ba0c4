"""A gateway on a real cluster: Modbus and MQTT in, what the Wasm filter left of it out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.gateway.mosquitto import BROKER
from lab.gateway.recipe import bridge, sensor_filter
from lab.images.packaging import linux_image, wasm_artifact
from lab.images.registry_client import RegistryClient
from lab.instance import Lab
from lab.nodes.node import Node
from lab.registry import registry_url
from tests.engine.cluster.kubectl import Kubectl
from tests.engine.cluster.stack import cluster_stack
from tests.engine.program.project import Project
from tests.mqtt import Client, Device, device
from toolchain import Toolchain

pytestmark = pytest.mark.lab

MACHINES = 2
# Nothing is upgraded here.
K3S_VERSIONS = 1
SERVER, PLANT = "edge-1", "edge-2"
PASSWORD = "correct horse"
MODBUS, WIRED_MQTT = 1502, 11883
TEMPERATURE, HUMIDITY = "sensors/boiler/temperature", "sensors/yard/humidity"
SELECTOR = "shimyard.dev/app=hall"
GATEWAY: dict[str, Any] = {
    "name": "hall",
    "namespace": "plant",
    "handler": "wasmtime",
    "nodeSelector": {"kubernetes.io/hostname": PLANT},
    "service": {"type": "LoadBalancer"},
    "broker": {
        "image": "registry.lab/mosquitto:native",
        "users": [
            {"name": "dashboard", "password": PASSWORD},
            {"name": "yard", "password": PASSWORD, "read": [], "write": ["raw/yard/+"]},
        ],
    },
    "bridge": {"image": "registry.lab/bridge:native", "password": PASSWORD, "retain": True},
    "filter": {
        "artifact": "registry.lab/sensor-filter:artifact",
        "env": [
            {
                "name": "FILTER_RULES",
                "value": '{"boiler/temperature": {"min": 0, "max": 120, "decimals": 1},'
                ' "yard/humidity": {"max": 100}}',
            }
        ],
    },
    "devices": [
        {
            "name": "boiler",
            "port": MODBUS,
            "unitId": 7,
            "pollIntervalMilliseconds": 100,
            "timeoutMilliseconds": 100,
            "registers": [
                {
                    "name": "temperature",
                    "address": 10,
                    "table": "input",
                    "type": "int32",
                    "scale": 0.001,
                    "unit": "°C",
                }
            ],
        }
    ],
}


def inside(node: Node) -> list[str]:
    """A command before another one, that takes it to the node's network."""
    return ["nsenter", f"--net=/proc/{node.leader}/ns/net", "--"]


def temperature(millidegrees: int) -> tuple[int, int]:
    """As two registers."""
    return millidegrees >> 16, millidegrees & 0xFFFF


@pytest.fixture(scope="module")
def boiler(lab: Lab) -> Iterator[Device]:
    """A device at the address of the other machine."""
    node = lab.node(SERVER)
    with device(str(node.address), MODBUS, 7, inside(node)) as made:
        made.set("input", 10, *temperature(21_466))
        yield made


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    boiler: Device,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A server and an agent with the gateway on it."""
    registry = RegistryClient(registry_url(lab.settings))
    registry.push(BROKER.image("amd64"), "mosquitto", "native")
    program = linux_image("/bridge", bridge("amd64").read_bytes(), "amd64")
    registry.push(program, "bridge", "native")
    component = wasm_artifact("/filter.wasm", sensor_filter().read_bytes())
    registry.push(component, "sensor-filter", "artifact")
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("iot"))
    made.config = cluster_stack(lab, built, [SERVER, PLANT], servers=[SERVER])
    made.config["namespaces"] = [{"name": "plant", "podSecurity": {"enforce": "privileged"}}]
    made.config["platform"] = {"iotGateways": [gateway(str(lab.node(SERVER).address))]}
    made.write()
    made.up()
    return made


def gateway(host: str, **changes: Any) -> dict[str, Any]:
    """The gateway, with its device at ``host``."""
    made = copy.deepcopy(GATEWAY)
    made["devices"][0]["host"] = host
    return {**made, **changes}


@pytest.fixture(scope="module")
def kubectl(project: Project, lab: Lab) -> Kubectl:
    """Of the cluster with the gateway."""
    return Kubectl(lab.node(SERVER))


def client(lab: Lab, user: str | None, port: int = 1883) -> Client:
    """Somebody outside of the cluster."""
    return Client(str(lab.node(PLANT).address), port, user, PASSWORD)


def pod(kubectl: Kubectl) -> dict[str, Any]:
    """The gateway's only pod."""
    (found,) = kubectl.pods(SELECTOR, "plant")
    return found


def restarts(kubectl: Kubectl) -> dict[str, int]:
    """How often each container was started anew."""
    status = pod(kubectl)["status"]
    known = [*status["containerStatuses"], *status["initContainerStatuses"]]
    return {each["name"]: each["restartCount"] for each in known}


def test_a_devices_readings_come_out_as_the_filter_left_them(
    project: Project, lab: Lab, boiler: Device
) -> None:
    with client(lab, "dashboard").hears("sensors/#") as heard:
        heard.until(TEMPERATURE, 21.5)
        boiler.set("input", 10, *temperature(999_000))
        boiler.set("input", 10, *temperature(30_000))
        values = {value for _, value in heard.until(TEMPERATURE, 30.0)}
        assert values <= {21.5, 30.0}
    assert set(project.outputs()["platform"]["iotGateways"]) == {"plant/hall"}


def test_a_sensors_readings_are_filtered_and_nobody_else_says_them(
    project: Project, lab: Lab
) -> None:
    assert "not authorised" in client(lab, None).refusal()
    with client(lab, "dashboard").hears("sensors/yard/#") as heard:
        client(lab, "dashboard").says("raw/yard/humidity", "1")
        client(lab, "yard").says("sensors/yard/humidity", "2")
        client(lab, "yard").says("raw/yard/humidity", "101")
        client(lab, "yard").says("raw/yard/humidity", '{"value": 55.4, "unit": "%"}')
        assert heard.until(HUMIDITY, 55.4) == [(HUMIDITY, 55.4)]


def test_the_pod_has_a_network_of_its_own(kubectl: Kubectl) -> None:
    found = pod(kubectl)
    assert "hostNetwork" not in found["spec"]
    assert found["status"]["podIP"] != found["status"]["hostIP"]


def test_a_second_up_changes_nothing(project: Project) -> None:
    told = project.up().output
    assert "unchanged" in told
    assert not [word for word in ("created", "updated", "replaced", "deleted") if word in told]


def test_a_broker_that_ends_comes_back_with_what_it_knew(
    project: Project, lab: Lab, kubectl: Kubectl, boiler: Device
) -> None:
    before = restarts(kubectl)
    lab.node(PLANT).run(["pkill", "-TERM", "-x", "mosquitto"])

    def missing() -> str | None:
        now = restarts(kubectl)
        return None if now["broker"] == before["broker"] + 1 else str(now)

    wait_for("the broker's restart", missing, seconds=60, interval=0.5)
    kubectl.wait_ready(SELECTOR, 1, "plant")
    with client(lab, "dashboard").hears("sensors/#") as heard:
        # What the yard said stays with the broker, which keeps it in the pod's folder.
        assert heard.until(HUMIDITY, 55.4)
        boiler.set("input", 10, *temperature(40_000))
        heard.until(TEMPERATURE, 40.0)
    assert restarts(kubectl)["bridge"] == before["bridge"]


def test_what_is_wired_to_the_machine_is_reached_where_that_is_asked(
    project: Project, lab: Lab, kubectl: Kubectl
) -> None:
    broker = {**GATEWAY["broker"], "port": WIRED_MQTT}
    wired = gateway("127.0.0.1", hostNetwork=True, broker=broker, service={"type": "ClusterIP"})
    project.config["platform"] = {"iotGateways": [wired]}
    project.write()
    with device("127.0.0.1", MODBUS, 7, inside(lab.node(PLANT))) as own:
        own.set("input", 10, *temperature(60_000))
        project.up()
        found = pod(kubectl)
        assert found["spec"]["dnsPolicy"] == "ClusterFirstWithHostNet"
        assert found["status"]["podIP"] == str(lab.node(PLANT).address)
        with client(lab, "dashboard", WIRED_MQTT).hears("sensors/#") as heard:
            heard.until(TEMPERATURE, 60.0)


def test_nothing_of_a_gateway_is_left(project: Project, kubectl: Kubectl) -> None:
    del project.config["platform"]
    project.write()
    project.up()
    kinds = "deployments,services,configmaps,secrets,pods"
    left = kubectl.get(kinds, "--namespace=plant", "-l", SELECTOR)["items"]
    # A pod ends after its Deployment.
    assert [each["kind"] for each in left if each["kind"] != "Pod"] == []
