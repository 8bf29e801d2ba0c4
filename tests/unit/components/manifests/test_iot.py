"""What broker and bridge read, and the pod that they are in."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from components.manifests.iot import (
    bridge_container,
    bridge_settings,
    broker_container,
    filter_container,
    gateway_secrets,
    gateway_volumes,
    on_host_network,
)
from components.manifests.mosquitto import broker_files, password_file
from tests.unit.settings.platform.test_iot import SECRET, USER, made

NAMES = {"broker": "hall-broker", "bridge": "hall-bridge", "secret": "made-up"}


def directives(text: str) -> list[tuple[str, str]]:
    """The lines of one of mosquitto's files, as it splits them, without comments."""
    lines = [line.partition(" ") for line in text.splitlines() if line and line[0] != "#"]
    return [(name, value) for name, _, value in lines]


def test_the_broker_knows_everybody_by_name() -> None:
    files = broker_files(made())
    config = dict(directives(files["mosquitto.conf"]))
    assert config["allow_anonymous"] == "false"
    assert config["listener"] == "1883"
    assert config["password_file"] == "/run/mosquitto-gateway/private/passwords"
    assert config["acl_file"] == "/etc/mosquitto-gateway/acl"
    assert directives(files["acl"]) == [
        ("user", "bridge"),
        ("topic", "read raw/#"),
        ("topic", "write sensors/#"),
        ("user", "dashboard"),
        ("topic", "read sensors/#"),
    ]


def test_everybody_gets_in_only_where_that_is_asked_and_never_as_the_bridge() -> None:
    sensor = {**USER, "name": "hall", "read": [], "write": ["raw/hall/+"]}
    files = broker_files(made(broker={"anonymous": True, "users": [sensor]}))
    assert ("allow_anonymous", "true") in directives(files["mosquitto.conf"])
    assert directives(files["acl"]) == [
        ("topic", "read sensors/#"),
        ("topic", "write raw/#"),
        ("user", "bridge"),
        ("topic", "read raw/#"),
        ("topic", "write sensors/#"),
        ("user", "hall"),
        ("topic", "write raw/hall/+"),
    ]


def test_with_a_certificate_what_is_not_encrypted_stays_in_the_pod() -> None:
    gateway = made(broker={"tls": {"secretName": "hall-tls"}})
    config = directives(broker_files(gateway)["mosquitto.conf"])
    assert config[-4:] == [
        ("listener", "8883"),
        ("certfile", "/run/mosquitto-gateway/tls/tls.crt"),
        ("keyfile", "/run/mosquitto-gateway/tls/tls.key"),
        ("listener", "1883 127.0.0.1"),
    ]
    assert json.loads(bridge_settings(gateway))["broker"]["address"] == "127.0.0.1:1883"
    volumes = {each["name"]: each for each in gateway_volumes(gateway, NAMES)}
    assert volumes["broker-tls"]["secret"]["secretName"] == "hall-tls"
    assert "broker-tls" in {each["name"] for each in broker_container(gateway)["volumeMounts"]}


def test_passwords_are_kept_as_mosquitto_keeps_them_and_the_same_each_time() -> None:
    text = password_file(made()).get_secret_value()
    assert text == password_file(made()).get_secret_value()
    assert SECRET not in text
    lines = dict(line.split(":", 1) for line in text.splitlines())
    assert list(lines) == ["bridge", "dashboard"]
    salts = set()
    for line in lines.values():
        _, kind, iterations, salt, key = line.split("$")
        assert kind == "7"
        salts.add(salt)
        expected = hashlib.pbkdf2_hmac(
            "sha512", SECRET.encode(), base64.b64decode(salt), int(iterations)
        )
        assert base64.b64decode(key) == expected
    assert len(salts) == 2


def test_the_bridge_is_told_all_but_its_password() -> None:
    register = {"type": "int16", "scale": 0.1, "offset": -40, "unit": "°C", "table": "input"}
    text = bridge_settings(made(register=register))
    assert SECRET not in text
    assert json.loads(text) == {
        "broker": {
            "address": "127.0.0.1:1883",
            "clientId": "shop.hall.bridge",
            "user": "bridge",
            "passwordFile": "/run/gateway-bridge/bridge",
        },
        "filter": {"url": "http://127.0.0.1:8080/", "timeoutMilliseconds": 2000},
        "status": ":8090",
        "queue": 1000,
        "topics": {"raw": "raw", "filtered": "sensors", "retain": False},
        "devices": [
            {
                "name": "boiler",
                "address": "10.20.0.5:502",
                "unitId": 1,
                "pollMilliseconds": 1000,
                "timeoutMilliseconds": 500,
                "wordOrder": "big",
                "registers": [
                    {
                        "name": "temperature",
                        "table": "input",
                        "address": 0,
                        "type": "int16",
                        "scale": 0.1,
                        "offset": -40.0,
                        "unit": "°C",
                    }
                ],
            }
        ],
    }


def test_each_container_has_what_it_needs_and_not_the_others_secrets() -> None:
    gateway = made()
    volumes = {each["name"]: each for each in gateway_volumes(gateway, NAMES)}
    of = {
        "broker": broker_container(gateway),
        "bridge": bridge_container(gateway),
        "filter": filter_container(gateway, "wasmtime"),
    }
    keys: dict[str, list[Any]] = {name: [] for name in of}
    for name, container in of.items():
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        for mount in container.get("volumeMounts", []):
            source = volumes[mount["name"]].get("secret", {})
            keys[name] += [item["key"] for item in source.get("items", [])]
            assert source.get("secretName", "made-up") == "made-up"
            assert source.get("defaultMode", 0o440) == 0o440
    assert keys == {"broker": ["passwords"], "bridge": ["bridge"], "filter": []}
    assert set(gateway_secrets(gateway)) == {"passwords", "bridge"}


def test_the_filter_listens_for_the_pod_alone_and_is_not_asked_from_outside() -> None:
    gateway = made(wasm={"port": 9000, "env": [{"name": "FILTER_RULES", "value": "{}"}]})
    container = filter_container(gateway, "wasmtime")
    assert container["env"] == [
        {"name": "WASMTIME_HTTP_PROXY_SOCKET_ADDR", "value": "127.0.0.1:9000"},
        {"name": "FILTER_RULES", "value": "{}"},
    ]
    assert not {"ports", "startupProbe", "readinessProbe"} & set(container)
    assert json.loads(bridge_settings(gateway))["filter"]["url"] == "http://127.0.0.1:9000/"


def test_data_is_as_long_lived_as_it_is_asked_to_be() -> None:
    def data(**broker: Any) -> Any:
        volumes = gateway_volumes(made(broker=broker), NAMES)
        return next(each for each in volumes if each["name"] == "broker-data")

    assert data() == {"name": "broker-data", "emptyDir": {"sizeLimit": "64Mi"}}
    claim = {"claimName": "hall"}
    assert data(persistentVolumeClaim=claim) == {
        "name": "broker-data",
        "persistentVolumeClaim": claim,
    }


def test_on_the_machines_network_the_clusters_names_are_still_known() -> None:
    assert on_host_network({"containers": []}) == {
        "containers": [],
        "hostNetwork": True,
        "dnsPolicy": "ClusterFirstWithHostNet",
    }
