"""The MQTT broker of a gateway: who may connect to it, and for what."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from shimyard.settings.base import FieldError, Model, each_once
from shimyard.settings.kubernetes import ObjectName
from shimyard.settings.nodes import Port
from shimyard.settings.platform.topics import TopicFilter, TopicLevel
from shimyard.settings.quantity import MemoryQuantity
from shimyard.settings.runtime import Image
from shimyard.settings.workloads.ports import PortSettings
from shimyard.settings.workloads.resources import NativeResourcesSettings
from shimyard.settings.workloads.volumes import ClaimVolumeSettings

PLAIN_PORT: Final = 1883
TLS_PORT: Final = 8883
_SHORTEST_PASSWORD: Final = 8


def _can_not_be_tried_out(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_PASSWORD:
        raise ValueError(f"is shorter than {_SHORTEST_PASSWORD} characters; choose a longer one")
    return value


Password = Annotated[SecretStr, AfterValidator(_can_not_be_tried_out)]
"""A password of at least eight characters."""


class MqttUserSettings(Model):
    """Somebody who may connect to the broker."""

    name: TopicLevel = Field(description="Name of the user.")
    password: Password = Field(
        description="The user's password, of at least 8 characters; the broker gets a hash of it. "
        "Set it with `--secret`."
    )
    read: list[TopicFilter] | None = Field(
        default=None, description="Topics to subscribe to. Default: all filtered readings."
    )
    write: list[TopicFilter] = Field(
        default_factory=list, description="Topics to publish to: 'raw/hall/#'. Default: none."
    )

    @model_validator(mode="after")
    def _may_do_something(self) -> Self:
        if self.read == [] and not self.write:
            raise FieldError(
                "read", "is empty, as write is: the user may do nothing; name a topic, or remove it"
            )
        return self


class BrokerTlsSettings(Model):
    """The broker's certificate."""

    secret_name: ObjectName = Field(
        description="Secret of type kubernetes.io/tls in the gateway's namespace, as cert-manager "
        "makes them."
    )


class BrokerSettings(Model):
    """Mosquitto, or what reads its configuration."""

    image: Image = Field(description="An image with mosquitto 2 at /usr/sbin/mosquitto.")
    port: Port | None = Field(
        default=None, description="Port of the clients. Default: 8883 with `tls`, else 1883."
    )
    users: list[MqttUserSettings] = Field(
        default_factory=list, description="Who may connect, beside the bridge."
    )
    anonymous: bool = Field(
        default=False,
        description="Let everybody who reaches it read the filtered readings and publish raw ones, "
        "without a name.",
    )
    tls: BrokerTlsSettings | None = Field(
        default=None, description="Encrypt what clients say, passwords too. Default: no."
    )
    persistent_volume_claim: ClaimVolumeSettings | None = Field(
        default=None,
        description="Claim for retained messages and sessions. Default: an empty folder, which "
        "outlives the broker and ends with the pod.",
    )
    storage_limit: MemoryQuantity = Field(
        default="64Mi", description="Bytes that the empty folder may hold."
    )
    resources: NativeResourcesSettings = Field(
        default_factory=NativeResourcesSettings, description="Requests and limits."
    )

    @model_validator(mode="after")
    def _someone_can_connect(self) -> Self:
        each_once("users[{}].name", (user.name for user in self.users))
        if not self.users and not self.anonymous:
            raise FieldError(
                "users",
                "is empty, so nobody could read anything; add a user, or set anonymous: true to "
                "let everybody in who reaches the broker",
            )
        if self.tls is not None and self.port == PLAIN_PORT:
            raise FieldError(
                "port",
                f"{PLAIN_PORT} is where the bridge speaks to the broker inside of the pod, beside "
                f"TLS; choose another, such as {TLS_PORT}",
            )
        return self

    @property
    def outer_port(self) -> int:
        """Where clients connect."""
        if self.port is not None:
            return self.port
        return PLAIN_PORT if self.tls is None else TLS_PORT

    @property
    def inner_port(self) -> int:
        """Where the bridge connects, which is in the same pod and needs no TLS."""
        return self.outer_port if self.tls is None else PLAIN_PORT

    @property
    def ports(self) -> list[PortSettings]:
        """What the Service leads to."""
        name = "mqtt" if self.tls is None else "mqtts"
        return [PortSettings(name=name, container_port=self.outer_port)]
