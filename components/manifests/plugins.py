"""What a host of plugins is started with."""

from __future__ import annotations

import json
from typing import Any, Final

from components.manifests.containers import native_container
from shimyard.settings.platform import PluginHostSettings
from shimyard.settings.platform.plugins import HOST_PORT
from shimyard.settings.quantity import parse_quantity
from shimyard.settings.workloads import NativeContainerSettings

SETTINGS_FILE: Final = "plugins.json"
_SETTINGS: Final = "settings"
_SETTINGS_FOLDER: Final = "/etc/plugin-host"
_ASKED: Final = {"httpGet": {"path": "/healthz"}}
_PLUGINS_FOLDER: Final = "/plugins"


def host_settings(host: PluginHostSettings) -> str:
    """The host's settings file: its address, and tenant -> plugin, limits and reach."""
    tenants = {
        plugin.name: {
            "plugin": f"{_PLUGINS_FOLDER}/{plugin.name}{plugin.path}",
            "fuel": plugin.fuel,
            "memoryBytes": int(parse_quantity(plugin.memory)),
            "tableElements": plugin.table_elements,
            "milliseconds": plugin.timeout_milliseconds,
            "concurrency": plugin.concurrency,
            "environment": dict(plugin.environment),
            "hosts": list(plugin.hosts),
        }
        for plugin in host.plugins
    }
    return json.dumps({"address": f"0.0.0.0:{HOST_PORT}", "tenants": tenants}, indent=2) + "\n"


def host_container(host: PluginHostSettings) -> dict[str, Any]:
    """The host's container: nothing in it can be written to."""
    limit = host.resources.limits.memory or host.most_memory
    resources = host.resources.model_dump(by_alias=True, exclude_unset=True)
    resources["limits"] = {**resources.get("limits", {}), "memory": limit}
    settings = NativeContainerSettings.model_validate(
        {
            "image": host.image,
            "args": [f"{_SETTINGS_FOLDER}/{SETTINGS_FILE}"],
            "ports": [port.model_dump(by_alias=True) for port in host.ports],
            "probes": {
                "startup": {**_ASKED, "periodSeconds": 1, "failureThreshold": 60},
                "readiness": {**_ASKED, "periodSeconds": 5},
            },
            "resources": resources,
            "securityContext": {"readOnlyRootFilesystem": True},
        }
    )
    mounts = [
        {"name": plugin.name, "mountPath": f"{_PLUGINS_FOLDER}/{plugin.name}", "readOnly": True}
        for plugin in host.plugins
    ]
    folder = {"name": _SETTINGS, "mountPath": _SETTINGS_FOLDER, "readOnly": True}
    return {**native_container("host", settings), "volumeMounts": [folder, *mounts]}


def host_volumes(host: PluginHostSettings, settings: Any) -> list[dict[str, Any]]:
    """The volumes of the settings, a ConfigMap by its name, and of each plugin's image."""
    return [
        {"name": _SETTINGS, "configMap": {"name": settings}},
        *({"name": plugin.name, "image": {"reference": plugin.image}} for plugin in host.plugins),
    ]
