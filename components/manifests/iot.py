"""The three containers of a gateway, and what they read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import SecretStr

from components.manifests.containers import native_container, wasm_container
from components.manifests.mosquitto import (
    CONFIG_FILE,
    CONFIG_FOLDER,
    DATA_FOLDER,
    PASSWORDS_KEY,
    PRIVATE_FOLDER,
    TLS_FOLDER,
    password_file,
)
from components.manifests.volumes import volume
from shimyard.settings import ShimName
from shimyard.settings.platform import IoTGatewaySettings
from shimyard.settings.platform.iot import ADDRESS_VARIABLE
from shimyard.settings.platform.modbus import DeviceSettings
from shimyard.settings.workloads import EnvSettings, NativeContainerSettings

BRIDGE_FILE: Final = "bridge.json"

_BRIDGE_FOLDER: Final = "/etc/gateway-bridge"
_BRIDGE_PRIVATE: Final = "/run/gateway-bridge"
_BRIDGE_KEY: Final = "bridge"
_READ_ONLY: Final = {"readOnlyRootFilesystem": True}
_LOCAL: Final = "127.0.0.1"
# The group that the pod's processes have, and nobody else.
_GROUP_READS: Final = 0o440


def bridge_settings(gateway: IoTGatewaySettings) -> str:
    """The bridge's file, which has no secret."""
    bridge = gateway.bridge
    told = {
        "broker": {
            "address": f"{_LOCAL}:{gateway.broker.inner_port}",
            "clientId": f"{gateway.namespace}.{gateway.name}.bridge",
            "user": bridge.user,
            "passwordFile": f"{_BRIDGE_PRIVATE}/{_BRIDGE_KEY}",
        },
        "filter": {
            "url": f"http://{_LOCAL}:{gateway.filter.port}/",
            "timeoutMilliseconds": gateway.filter.timeout_milliseconds,
        },
        "status": f":{bridge.status_port}",
        "queue": bridge.queue_length,
        "topics": {
            "raw": bridge.raw_topic,
            "filtered": bridge.filtered_topic,
            "retain": bridge.retain,
        },
        "devices": [_device(device) for device in gateway.devices],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def gateway_secrets(gateway: IoTGatewaySettings) -> Mapping[str, SecretStr]:
    """Key -> text of the gateway's own Secret."""
    return {PASSWORDS_KEY: password_file(gateway), _BRIDGE_KEY: gateway.bridge.password}


def broker_container(gateway: IoTGatewaySettings) -> dict[str, Any]:
    """Mosquitto; nothing of it can be written to but its data."""
    broker = gateway.broker
    settings = NativeContainerSettings.model_validate(
        {
            "image": broker.image,
            "command": ["/usr/sbin/mosquitto"],
            "args": ["-c", f"{CONFIG_FOLDER}/{CONFIG_FILE}"],
            "ports": [port.model_dump(by_alias=True) for port in broker.ports],
            "resources": broker.resources.model_dump(by_alias=True, exclude_unset=True),
            "securityContext": _READ_ONLY,
        }
    )
    mounts = [
        _mounted("broker-config", CONFIG_FOLDER),
        _mounted("broker-secret", PRIVATE_FOLDER),
        *([] if broker.tls is None else [_mounted("broker-tls", TLS_FOLDER)]),
        {"name": "broker-data", "mountPath": DATA_FOLDER},
    ]
    made = native_container("broker", settings)
    inner = [] if broker.tls is None else [("inner", broker.inner_port)]
    return {**_with_ports(gateway, made, inner), "volumeMounts": mounts}


def bridge_container(gateway: IoTGatewaySettings) -> dict[str, Any]:
    """The bridge. It is there once broker and filter are; later their absence is not its fault."""
    asked = {"httpGet": {"path": "/healthz"}, "periodSeconds": 1, "failureThreshold": 60}
    settings = NativeContainerSettings.model_validate(
        {
            "image": gateway.bridge.image,
            "args": [f"{_BRIDGE_FOLDER}/{BRIDGE_FILE}"],
            "ports": [{"name": "status", "containerPort": gateway.bridge.status_port}],
            "probes": {"startup": {**asked, "timeoutSeconds": 2}},
            "resources": gateway.bridge.resources.model_dump(by_alias=True, exclude_unset=True),
            "securityContext": _READ_ONLY,
        }
    )
    mounts = [_mounted("bridge-config", _BRIDGE_FOLDER), _mounted("bridge-secret", _BRIDGE_PRIVATE)]
    return {**native_container("bridge", settings), "volumeMounts": mounts}


def filter_container(
    gateway: IoTGatewaySettings, shim: ShimName | None, *, secret: Any = None
) -> dict[str, Any]:
    """The filter, for the pod alone. ``secret``: name of the Secret with its secret values."""
    address = EnvSettings(name=ADDRESS_VARIABLE, value=f"{_LOCAL}:{gateway.filter.port}")
    settings = gateway.filter.model_copy(update={"env": [address, *gateway.filter.env]})
    made = wasm_container("filter", settings, [], shim, secret=secret)
    return _with_ports(gateway, made, [("filter", gateway.filter.port)])


def _with_ports(
    gateway: IoTGatewaySettings, container: dict[str, Any], inner: list[tuple[str, int]]
) -> dict[str, Any]:
    """On the machine's network, what only the pod uses is told the scheduler, too.

    Else two gateways could be put on one machine, where one would find the other's port.
    """
    if not gateway.host_network or not inner:
        return container
    ports = [{"name": name, "containerPort": port} for name, port in inner]
    return {**container, "ports": [*container.get("ports", ()), *ports]}


def gateway_volumes(gateway: IoTGatewaySettings, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pod's volumes. ``names``: of the ConfigMaps of broker and bridge, and of the Secret."""
    broker = gateway.broker
    claim = broker.persistent_volume_claim
    data: dict[str, Any] = {"emptyDir": {"sizeLimit": broker.storage_limit}}
    if claim is not None:
        data = {"persistentVolumeClaim": claim.model_dump(by_alias=True)}
    tls = [] if broker.tls is None else [_secret("broker-tls", broker.tls.secret_name)]
    return [
        {"name": "broker-config", "configMap": {"name": names["broker"]}},
        {"name": "broker-data", **data},
        _secret("broker-secret", names["secret"], PASSWORDS_KEY),
        *tls,
        {"name": "bridge-config", "configMap": {"name": names["bridge"]}},
        _secret("bridge-secret", names["secret"], _BRIDGE_KEY),
        *(volume(each) for each in gateway.filter.volumes),
    ]


def on_host_network(spec: dict[str, Any]) -> dict[str, Any]:
    """The pod on the machine's network, where the cluster's names are still known."""
    return {**spec, "hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}


def _device(device: DeviceSettings) -> dict[str, Any]:
    return {
        "name": device.name,
        "address": f"{device.host}:{device.port}",
        "unitId": device.unit_id,
        "pollMilliseconds": device.poll_interval_milliseconds,
        "timeoutMilliseconds": device.timeout_milliseconds,
        "wordOrder": device.word_order,
        "registers": [
            {
                "name": register.name,
                "table": register.table,
                "address": register.address,
                "type": register.type or "uint16",
                "scale": register.scale,
                "offset": register.offset,
                "unit": register.unit or "",
            }
            for register in device.registers
        ],
    }


def _mounted(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "mountPath": path, "readOnly": True}


def _secret(name: str, secret: Any, key: str | None = None) -> dict[str, Any]:
    """A volume of a whole Secret, or of one ``key`` of it."""
    items = {} if key is None else {"items": [{"key": key, "path": key}]}
    source = {"secretName": secret, "defaultMode": _GROUP_READS, **items}
    return {"name": name, "secret": source}
