"""An IoT gateway: what sensors say reaches an MQTT broker through a filter that is Wasm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from shimyard.settings.base import FieldError, Model, each_once
from shimyard.settings.nodes import Port
from shimyard.settings.platform.broker import BrokerSettings, Password
from shimyard.settings.platform.modbus import DeviceSettings
from shimyard.settings.platform.topics import TopicLevel, TopicName, overlaps
from shimyard.settings.runtime import Image, ShimName
from shimyard.settings.workloads.apps import check_service, no_host_path
from shimyard.settings.workloads.container import WasmContainerSettings
from shimyard.settings.workloads.hybrid import MIXING_SHIMS
from shimyard.settings.workloads.pod import WasmPodsSettings
from shimyard.settings.workloads.ports import PortSettings
from shimyard.settings.workloads.resources import NativeResourcesSettings

ADDRESS_VARIABLE: Final = "WASMTIME_HTTP_PROXY_SOCKET_ADDR"
"""Where the wasmtime shim serves a component's HTTP, by the container's environment."""
VOLUMES: Final = frozenset(
    {"broker-config", "broker-data", "broker-secret", "broker-tls", "bridge-config"}
    | {"bridge-secret"}
)
"""Names of the pod's own volumes."""

_UNPRIVILEGED: Final = 1024


class BridgeSettings(Model):
    """The program that reads devices and sensors, asks the filter and publishes what is left."""

    image: Image = Field(
        description="An image of the bridge, whose entrypoint takes the path of its settings."
    )
    user: TopicLevel = Field(default="bridge", description="Its name at the broker.")
    password: Password = Field(
        description="Its password there, of at least 8 characters. Set it with `--secret`."
    )
    raw_topic: TopicName = Field(
        default="raw",
        description="Sensors publish their readings at <this>/<device>/<sensor>.",
    )
    filtered_topic: TopicName = Field(
        default="sensors", description="What is left is published at <this>/<device>/<sensor>."
    )
    retain: bool = Field(
        default=False, description="Let the broker keep the last reading of each sensor."
    )
    queue_length: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=1000,
        description="Readings held in memory while filter or broker are away; then the oldest is "
        "lost for each new one.",
    )
    status_port: Port = Field(
        default=8090, description="Where it tells by HTTP how it is, at /healthz."
    )
    resources: NativeResourcesSettings = Field(
        default_factory=NativeResourcesSettings, description="Requests and limits."
    )

    @model_validator(mode="after")
    def _no_reading_comes_back(self) -> Self:
        if overlaps(self.raw_topic, self.filtered_topic):
            raise FieldError(
                "filteredTopic",
                f"'{self.filtered_topic}' is, or lies in or above, rawTopic ('{self.raw_topic}'): "
                "the bridge would filter what it has published, for ever; choose another",
            )
        return self


class FilterSettings(WasmContainerSettings):
    """A `wasi:http` component that gets each reading; set exactly one of image and artifact."""

    ports: None = Field(
        default=None, description="Not here: it listens on `port`, for the pod alone."
    )
    probes: None = Field(default=None, description="Not here: the bridge asks for it.")
    port: Port = Field(default=8080, description="Where it listens, on 127.0.0.1.")
    timeout_milliseconds: Annotated[int, Field(ge=10, le=60_000)] = Field(
        default=2000,
        description="Milliseconds that it may take over a reading, which is then lost.",
    )

    @model_validator(mode="before")
    @classmethod
    def _only_the_pod_reaches_it(cls, data: object) -> object:
        for field in ("ports", "probes"):
            if isinstance(data, dict) and data.get(field) is not None:
                raise FieldError(
                    field,
                    "would ask from outside of the pod, and the filter listens on 127.0.0.1 only; "
                    "remove it, and set port if it is taken",
                )
        return data

    @model_validator(mode="after")
    def _its_address_is_given(self) -> Self:
        for index, variable in enumerate(self.env):
            if variable.name == ADDRESS_VARIABLE:
                raise FieldError(f"env[{index}].name", "is what port says; remove it")
        return self


class IoTGatewaySettings(WasmPodsSettings):
    """A pod with an MQTT broker, a bridge and a Wasm filter between them."""

    broker: BrokerSettings = Field(description="The MQTT broker.")
    bridge: BridgeSettings = Field(description="What fills it.")
    filter: FilterSettings = Field(description="What each reading has to pass.")
    devices: list[DeviceSettings] = Field(
        default_factory=list,
        description="Modbus TCP devices. Default: none; sensors can publish by themselves.",
    )
    host_network: bool = Field(
        default=False,
        description="Use the machine's network, past every NetworkPolicy, to reach what is wired "
        "to it; all ports are the machine's then.",
    )

    @model_validator(mode="before")
    @classmethod
    def _says_it_itself(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        override = data.get("podOverride", data.get("pod_override"))
        if isinstance(override, dict) and "hostNetwork" in override:
            raise FieldError(
                "podOverride.hostNetwork", "is a field of the gateway itself; set hostNetwork"
            )
        return data

    @model_validator(mode="after")
    def _one_pod(self) -> Self:
        why = "two brokers would each have a part of the messages, and poll each device"
        if self.autoscaling is not None:
            raise FieldError("autoscaling", f"would make more pods, and {why}; remove it")
        if self.replicas not in (None, 0, 1):
            raise FieldError("replicas", f"is more than 1, and {why}; add a gateway instead")
        if self.strategy is not None and self.strategy.type != "Recreate":
            raise FieldError(
                "strategy.type", f"would start the new pod beside the old one, and {why}; remove it"
            )
        return self

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        each_once("devices[{}].name", (device.name for device in self.devices))
        for index, user in enumerate(self.broker.users):
            if user.name == self.bridge.user:
                raise FieldError(
                    f"broker.users[{index}].name",
                    f"'{user.name}' is the bridge's own; rename it, or bridge.user",
                )
        for index, volume in enumerate(self.filter.volumes):
            place = f"filter.volumes[{index}]"
            if volume.name in VOLUMES:
                raise FieldError(f"{place}.name", f"'{volume.name}' is the gateway's; rename it")
            if volume.host_path is not None and not self.allow_host_path:
                raise no_host_path(f"{place}.hostPath")
        return self

    @model_validator(mode="after")
    def _one_listener_a_port(self) -> Self:
        taken: dict[int, str] = {}
        for field, port in self._listeners():
            if port in taken:
                raise FieldError(
                    field,
                    f"{port} is that of {taken[port]}; the containers of a pod share one network, "
                    "so choose another",
                )
            if self.host_network and port < _UNPRIVILEGED:
                raise FieldError(
                    field,
                    f"{port} is one of the machine's below {_UNPRIVILEGED}, which are root's, and "
                    "the pod is not root; choose another, and let the Service have this one",
                )
            taken[port] = field
        check_service(self.service, self.ports)
        return self

    @model_validator(mode="after")
    def _reaches_its_devices(self) -> Self:
        for index, device in enumerate(self.devices):
            if device.is_loopback and not self.host_network:
                raise FieldError(
                    f"devices[{index}].host",
                    f"{device.host} is the pod itself, which has no device; write the device's "
                    "address, or set hostNetwork: true if it is wired to the machine",
                )
        return self

    @property
    def ports(self) -> list[PortSettings]:
        """What the Service leads to."""
        return self.broker.ports

    def check_with(self, shim: ShimName | None) -> None:
        """Raise ``FieldError`` if ``shim`` can't run all three containers."""
        if shim is None or shim == "wasmtime":
            return
        told = f"'{self.handler}' is served by the {shim} shim, which "
        if shim not in MIXING_SHIMS:
            told += "takes every container for an application of its own and can't start the broker"
        else:
            told += "serves no HTTP for a component, as the filter is one"
        raise FieldError("handler", f"{told}; choose a handler of wasmtime")

    def _listeners(self) -> Iterator[tuple[str, int]]:
        yield "broker.port", self.broker.outer_port
        if self.broker.tls is not None:
            yield "broker.tls", self.broker.inner_port
        yield "bridge.statusPort", self.bridge.status_port
        yield "filter.port", self.filter.port
