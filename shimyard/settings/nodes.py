"""Machines: where they are, how to reach them, what they are called in the cluster."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from shimyard.settings.base import DnsLabel, Line, Model

Arch = Literal["amd64", "arm64"]

Port = Annotated[int, Field(ge=1, le=65535)]

# The flag forms of an address or a user name would be read as options by an ssh client.
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", max_length=253)]
User = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_.-]{0,31}$")]

HostKey = Annotated[str, Field(pattern=r"^(ssh|ecdsa)-[a-z0-9-]+(@openssh\.com)? [A-Za-z0-9+/=]+$")]
"""A public host key as in a known_hosts line, without the host: 'ssh-ed25519 AAAA...'."""

LabelKey = Annotated[
    str,
    Field(
        pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
    ),
]
LabelValue = Annotated[str, Field(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")]


class KeySettings(Model):
    """How to prove who we are to an SSH server, and how it proves who it is."""

    port: Port = Field(default=22, description="TCP port of sshd.")
    user: User = Field(default="root", description="Login name.")
    identity_file: Line | None = Field(
        default=None,
        description="Private key file on the controller, relative to the project or with '~'. "
        "The key itself never enters the Pulumi state.",
    )
    passphrase: SecretStr | None = Field(
        default=None, description="Passphrase of identityFile. Set it with `--secret`."
    )
    agent: bool = Field(default=False, description="Use the keys of the running ssh-agent.")
    host_key: HostKey | None = Field(
        default=None,
        description="The machine's pinned public host key. Default: look it up in knownHostsFile.",
    )
    known_hosts_file: Line = Field(
        default="~/.ssh/known_hosts",
        description="Known host keys, relative to the project or with '~'. Unknown keys are "
        "refused before anything is sent.",
    )

    @model_validator(mode="after")
    def _one_way_to_log_in(self) -> Self:
        if self.agent == (self.identity_file is not None):
            raise ValueError("set exactly one of identityFile and agent: true")
        if self.passphrase is not None and self.identity_file is None:
            raise ValueError("passphrase belongs to identityFile; set that too, or remove it")
        return self


class BastionSettings(KeySettings):
    """A jump host that forwards the connection; it runs no command of ours."""

    address: Host = Field(description="Host name or IP address of the jump host.")


class SshSettings(KeySettings):
    """How the controller reaches a machine."""

    sudo: bool | None = Field(
        default=None,
        description="Run as root through `sudo -n`. Default: true unless user is root.",
    )
    bastion: BastionSettings | None = Field(default=None, description="Jump host, if any.")
    connect_timeout: Annotated[int, Field(ge=1, le=600)] = Field(
        default=20, description="Seconds to wait for the connection and for the login."
    )

    @property
    def uses_sudo(self) -> bool:
        """Whether commands go through ``sudo -n``."""
        return self.user != "root" if self.sudo is None else self.sudo


class NodeSettings(Model):
    """One machine of the fleet."""

    name: DnsLabel = Field(description="Name in the stack and, later, in the cluster.")
    address: Host = Field(description="Host name or IP address that the controller connects to.")
    arch: Arch = Field(default="amd64", description="CPU architecture.")
    ssh: SshSettings = Field(description="Connection; the stack's `ssh` section has the defaults.")
    labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="Labels for scheduling; no service restarts for them."
    )
    zone: DnsLabel | None = Field(
        default=None, description="Failure domain: a shop, a hall, a cell site."
    )
