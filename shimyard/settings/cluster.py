"""The K3s cluster of a stack: which machines are servers and agents, and how it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from shimyard.settings.base import DnsLabel, FieldError, Line
from shimyard.settings.k3s import K3sSettings, Release, needs_template, release
from shimyard.settings.nodes import Host
from shimyard.settings.rollout import RolloutSettings

_MINOR_SKEW = 3
"""How many minor versions a kubelet may be older: kubernetes.io/releases/version-skew-policy."""


class ClusterSettings(K3sSettings):
    """One K3s cluster: its servers, and all other machines of the stack as agents."""

    servers: Annotated[list[DnsLabel], Field(min_length=1, max_length=7)] = Field(
        description="Names of the nodes that are servers: one, or three, five or seven for high "
        "availability. The first one starts the cluster."
    )
    agents: list[DnsLabel] | None = Field(
        default=None, description="Names of the nodes that are agents. Default: all others."
    )
    agent_version: Release | None = Field(
        default=None,
        description="Version of K3s on the agents, while they follow the servers. Default: the "
        "servers' own. It may be up to three minor versions older, never newer.",
    )
    endpoint: Host | None = Field(
        default=None,
        description="Fixed address of the servers, such as a virtual IP or a DNS name, by which "
        "agents and kubectl reach them. Default: the first server's own address.",
    )
    token_generation: Line | None = Field(
        default=None,
        description="Any word or date, in quotes. Another one than before makes new tokens, and "
        "K3s restarts with them: servers one after the other, then the agents.",
    )
    rollout: RolloutSettings = Field(
        default_factory=RolloutSettings, description="How changes reach the nodes."
    )

    @property
    def uses_etcd(self) -> bool:
        """Whether the servers keep the cluster's state in embedded etcd."""
        return self.datastore == "etcd" or len(self.servers) > 1

    @property
    def version_of_agents(self) -> str:
        """The version of K3s on the agents."""
        return self.agent_version or self.version

    def agents_of(self, names: Sequence[str]) -> list[str]:
        """The agents among all nodes of the stack, ``names``."""
        if self.agents is not None:
            return list(self.agents)
        return [name for name in names if name not in self.servers]

    @model_validator(mode="after")
    def _servers_keep_a_quorum(self) -> Self:
        count = len(self.servers)
        if count % 2 == 0:
            raise FieldError(
                "servers",
                f"are {count}: an even number survives no more failures than {count - 1}; "
                f"use {count - 1} or {count + 1}",
            )
        if self.datastore == "sqlite" and count > 1:
            raise FieldError("datastore", "is sqlite, which only one server can use; write etcd")
        return self

    @model_validator(mode="after")
    def _one_role_a_node(self) -> Self:
        for field, names in (("servers", self.servers), ("agents", self.agents or [])):
            for name in names:
                if names.count(name) > 1:
                    raise FieldError(field, f"name '{name}' twice; keep one")
        for name in self.agents or []:
            if name in self.servers:
                raise FieldError(
                    "agents", f"name '{name}', which is a server; servers run workloads, too"
                )
        return self

    @model_validator(mode="after")
    def _agents_are_not_newer(self) -> Self:
        if self.agent_version is None:
            return self
        if self.containerd == "embedded":
            needs_template("agentVersion", self.agent_version)
        ours, theirs = release(self.agent_version), release(self.version)
        if ours > theirs:
            raise FieldError(
                "agentVersion", f"is newer than the servers' {self.version}; raise version first"
            )
        if ours[0] != theirs[0] or theirs[1] - ours[1] > _MINOR_SKEW:
            raise FieldError(
                "agentVersion",
                f"is more than {_MINOR_SKEW} minor versions older than the servers' "
                f"{self.version}; raise it",
            )
        return self
