"""K3s on one machine: what its config.yaml says.

Names and defaults follow https://docs.k3s.io/cli/server and https://docs.k3s.io/cli/agent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from shimyard.settings.base import DnsLabel, FieldError, Line, Model, Version, each_once
from shimyard.settings.nodes import Host
from shimyard.settings.tables import misfits

Packaged = Literal["coredns", "local-storage", "metrics-server", "runtimes", "servicelb", "traefik"]
"""What K3s brings along and deploys by itself."""

_SUPERVISOR_PORT = 6443
# A reader of YAML looks no further for the end of a key.
_LONGEST_NAME = 1000
_DNS = 10
"""Which address of the services is cluster DNS's."""

OWN_KEYS = frozenset(
    {
        "agent-token",
        "agent-token-file",
        "cluster-cidr",
        "cluster-dns",
        "cluster-init",
        "container-runtime-endpoint",
        "data-dir",
        "disable",
        "disable-default-registry-endpoint",
        "flannel-backend",
        "kubelet-arg",
        "node-ip",
        "node-name",
        "pause-image",
        "private-registry",
        "server",
        "service-cidr",
        "tls-san",
        "token",
        "token-file",
        "write-kubeconfig-mode",
    }
)
"""Keys of K3s's config.yaml that Shimyard writes itself."""


def _with_build(version: str) -> str:
    if "+" not in version:
        raise ValueError("has no K3s release; write it like '1.36.3+k3s1'")
    return version


def _fit_for_yaml(table: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for path, problem in misfits(table):
        raise FieldError(path, problem)
    if any(len(json.dumps(name)) > _LONGEST_NAME for name in _names(table)):
        raise ValueError(f"has a name of more than {_LONGEST_NAME} characters; shorten it")
    return table


def _names(value: dict[str, JsonValue] | list[JsonValue]) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (dict, list)):
            yield from _names(item)


Release = Annotated[Version, AfterValidator(_with_build)]
"""A version of K3s: Kubernetes' version and K3s's own build, '1.36.3+k3s1'."""

ConfigTable = Annotated[dict[Line, JsonValue], AfterValidator(_fit_for_yaml)]
"""Keys of K3s's config.yaml: only values that reach the file as they were written."""


class ImagesSettings(Model):
    """An archive of container images, such as K3s's own for sites without a way out."""

    name: DnsLabel = Field(
        description="Name in the artifact lock: 'k3s-airgap-images' is K3s's own archive. The "
        "locked file is '.tar', '.tar.gz' or '.tar.zst'."
    )
    version: Version | None = Field(
        default=None, description="Version in the artifact lock. Default: that of the node's K3s."
    )


class K3sSettings(Model):
    """How K3s is set up on a machine. Agents take from it what concerns them."""

    version: Release = Field(
        description="Version of K3s in the artifact lock, such as '1.36.3+k3s1'. A change goes "
        "one minor version up at a time, servers first."
    )
    datastore: Literal["auto", "sqlite", "etcd"] = Field(
        default="auto",
        description="'etcd' for more than one server, and for snapshots; 'auto' takes sqlite for "
        "one server and etcd for more.",
    )
    tls_sans: list[Host] = Field(
        default_factory=list, description="More names and addresses in the API's certificate."
    )
    cluster_cidr: IPv4Network = Field(
        default=IPv4Network("10.42.0.0/16"), description="Network of the pods."
    )
    service_cidr: IPv4Network = Field(
        default=IPv4Network("10.43.0.0/16"), description="Network of the services."
    )
    flannel_backend: Literal["vxlan", "host-gw", "wireguard-native", "none"] = Field(
        default="vxlan", description="How pods of different nodes reach each other."
    )
    disable: list[Packaged] = Field(
        default=["traefik", "runtimes"],
        description="Packaged components that K3s does not deploy. K3s's own RuntimeClasses "
        "('runtimes') do not look whether a node has the handler; Shimyard's do.",
    )
    containerd: Literal["external", "embedded"] = Field(
        default="external",
        description="'external': the containerd of the runtime section. 'embedded': K3s's own, "
        "which gets shims, registries and pause image of that section; then containerd, runc and "
        "CNI plugins stand nowhere. It can't be changed while a machine is in the cluster.",
    )
    images: list[ImagesSettings] = Field(
        default_factory=list,
        description="Archives of images that each node has before a pod asks for them.",
    )
    kubelet_args: dict[Line, Line] = Field(
        default_factory=dict,
        description="More arguments of the kubelets: name without dashes -> value.",
    )
    server_config: ConfigTable = Field(
        default_factory=dict,
        description="More keys of the servers' config.yaml. One that Shimyard writes is refused.",
    )
    agent_config: ConfigTable = Field(default_factory=dict, description="The same for the agents.")
    snapshot_before_upgrade: bool = Field(
        default=True, description="Take an etcd snapshot before a server gets another version."
    )

    @property
    def dns_address(self) -> IPv4Address:
        """The tenth address of the services, as K3s itself chooses it."""
        return self.service_cidr[_DNS]

    @model_validator(mode="after")
    def _networks_are_apart(self) -> Self:
        if self.cluster_cidr.overlaps(self.service_cidr):
            raise FieldError("serviceCidr", f"overlaps clusterCidr {self.cluster_cidr}")
        if self.service_cidr.num_addresses <= _DNS:
            raise FieldError(
                "serviceCidr",
                "has no tenth address, which cluster DNS gets; use /28 or a larger network",
            )
        return self

    @model_validator(mode="after")
    def _embedded_takes_a_template(self) -> Self:
        if self.containerd == "embedded":
            needs_template("version", self.version)
        return self

    @model_validator(mode="after")
    def _one_archive_a_name(self) -> Self:
        each_once("images[{}].name", (images.name for images in self.images))
        return self

    @model_validator(mode="after")
    def _keys_of_ours(self) -> Self:
        for field, config in (
            ("serverConfig", self.server_config),
            ("agentConfig", self.agent_config),
        ):
            for key in config:
                plain = key.removesuffix("+")
                if plain in OWN_KEYS:
                    raise FieldError(
                        f"{field}.{key}", "is written by Shimyard; the cluster has a field for it"
                    )
        return self


def needs_template(field: str, version: str) -> None:
    """Raise ``FieldError`` for a K3s that does not bring containerd 2.

    Source: https://docs.k3s.io/advanced#configuring-containerd.
    """
    number = release(version)
    if number < (1, 31, 6) or (1, 32, 0) <= number < (1, 32, 2):
        raise FieldError(
            field,
            f"is {version}, whose own containerd takes no template of version 3; use 1.31.6, "
            "1.32.2 or newer, or cluster.containerd: external",
        )


def release(version: str) -> tuple[int, int, int]:
    """Major, minor and patch of '1.36.3+k3s1'."""
    major, minor, patch = version.split("+", maxsplit=1)[0].split("-", maxsplit=1)[0].split(".")
    return int(major), int(minor), int(patch)


def server_url(address: str) -> str:
    """The URL of a server: what agents join, and what kubectl asks."""
    host = f"[{address}]" if ":" in address else address
    return f"https://{host}:{_SUPERVISOR_PORT}"
