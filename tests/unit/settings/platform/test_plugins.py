"""Hosts of plugins: defaults, and what is refused before a tenant can harm another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.manifests.plugins import host_container, host_settings, host_volumes
from shimyard.settings.platform import PluginHostSettings
from tests.unit.settings.workloads.apps import accepted, refusal

PLUGIN: dict[str, Any] = {"name": "acme", "image": "registry.lab/rules:1"}
PLACE = "platform.pluginHosts[0]"


def hosts(plugin: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A section with one host of one plugin, some fields of them changed."""
    host = {
        "name": "plugins",
        "image": "registry.lab/plugin-host:1",
        "plugins": [{**PLUGIN, **(plugin or {})}],
        **changes,
    }
    return {"pluginHosts": [host]}


def made(**changes: Any) -> PluginHostSettings:
    (found,) = accepted(platform=hosts(**changes)).platform.plugin_hosts
    return found


def test_a_plugin_is_given_little_and_reaches_nothing() -> None:
    told = json.loads(host_settings(made()))
    assert told == {
        "address": "0.0.0.0:8080",
        "tenants": {
            "acme": {
                "plugin": "/plugins/acme/plugin.wasm",
                "fuel": 1_000_000_000,
                "memoryBytes": 32 * 2**20,
                "tableElements": 10_000,
                "milliseconds": 1000,
                "concurrency": 4,
                "environment": {},
                "hosts": [],
            }
        },
    }


def test_the_host_has_memory_for_all_that_its_plugins_may_use_at_a_time() -> None:
    host = made(plugins=[{**PLUGIN, "memory": "10Mi", "concurrency": 3}, {**PLUGIN, "name": "b"}])
    assert host_container(host)["resources"]["limits"] == {"memory": "286Mi"}
    stated = made(resources={"limits": {"memory": "1Gi", "cpu": "2"}})
    assert host_container(stated)["resources"]["limits"] == {"memory": "1Gi", "cpu": "2"}


def test_each_plugin_is_an_image_that_is_mounted_where_the_settings_say() -> None:
    host = made(plugin={"path": "/rules/main.wasm"})
    (settings, plugin) = host_volumes(host, "plugins-plugins")
    assert settings["configMap"] == {"name": "plugins-plugins"}
    assert plugin == {"name": "acme", "image": {"reference": "registry.lab/rules:1"}}
    mounts = {each["name"]: each for each in host_container(host)["volumeMounts"]}
    assert mounts["acme"] == {"name": "acme", "mountPath": "/plugins/acme", "readOnly": True}
    assert json.loads(host_settings(host))["tenants"]["acme"]["plugin"] == (
        "/plugins/acme/rules/main.wasm"
    )


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"plugins": []}, "plugins", "is empty; add at least one entry"),
        ({"plugins": [PLUGIN, PLUGIN]}, "plugins[1].name", "'acme' stands twice"),
        ({"plugin": {"name": "healthz"}}, "plugins[0].name", "is the host's own"),
        ({"plugin": {"hosts": ["stock"]}}, "plugins[0].hosts[0]", "is not a host and a port"),
        ({"plugin": {"fuel": 0}}, "plugins[0].fuel", "greater than or equal to 1"),
        ({"plugin": {"path": "rules.wasm"}}, "plugins[0].path", "'/'"),
        (
            {"resources": {"limits": {"memory": "200Mi"}}},
            "resources.limits.memory",
            "200Mi is less than what the plugins may use together, 256Mi",
        ),
        (
            {"resources": {"requests": {"memory": "1Gi"}}},
            "resources.requests.memory",
            "1Gi is more than the limit, which is 256Mi for these plugins",
        ),
        ({"namespace": "gone"}, "namespace", "there is no namespace 'gone'"),
        (
            {"service": {"ports": [{"name": "grpc", "port": 9000}]}},
            "service.ports[0]",
            "no port of the container is 'grpc' or 9000",
        ),
    ],
)
def test_what_would_not_work_is_refused(changes: dict[str, Any], field: str, told: str) -> None:
    error = str(refusal(platform=hosts(**changes)))
    assert f"{PLACE}.{field}" in error
    assert told in error


def test_an_app_of_the_same_name_is_refused() -> None:
    app = {"name": "plugins", "handler": "wasmtime", "image": "registry.lab/greeter:1"}
    assert "'plugins' is apps[0] already" in str(refusal(apps=[app], platform=hosts()))


def test_kubelets_that_can_not_mount_images_are_named() -> None:
    old = {"version": "1.34.2+k3s1", "servers": ["edge-1"]}
    error = str(refusal(cluster=old, platform=hosts()))
    assert f"{PLACE}.plugins: are mounted from images, which kubelets can from 1.35 on" in error
