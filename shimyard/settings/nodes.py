"""Machines: where they are, how to reach them, what they are called in the cluster."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, SecretStr, model_validator

from shimyard.settings.base import DnsLabel, LocalPath, Model, matching

Arch = Literal["amd64", "arm64"]

Port = Annotated[int, Field(ge=1, le=65535)]

# The flag forms of an address or a user name would be read as options by an ssh client.
_HOST = r"[A-Za-z0-9:][A-Za-z0-9._:-]{0,252}"
_USER = r"[a-z_][a-z0-9_.-]{0,31}"
_HOST_KEY = r"(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9-]+(@openssh\.com)? [A-Za-z0-9+/]+={0,3}"
_LABEL_KEY = (
    r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_LABEL_VALUE = r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"

Host = Annotated[
    str,
    AfterValidator(
        matching(_HOST, "is neither a host name nor an IP address; write it without user and port")
    ),
    Field(json_schema_extra={"pattern": f"^{_HOST}$"}),
]
"""A host name or an IP address, without user, port or brackets."""

User = Annotated[
    str,
    AfterValidator(
        matching(_USER, "is not a login name; use lower case letters, digits, '_', '-' and '.'")
    ),
    Field(json_schema_extra={"pattern": f"^{_USER}$"}),
]
"""A login name on a machine."""

HostKey = Annotated[
    str,
    AfterValidator(
        matching(
            _HOST_KEY,
            "is not a public host key; write type and key as `ssh-keyscan` prints them after the "
            "host: 'ssh-ed25519 AAAA...', without a comment",
        )
    ),
    Field(json_schema_extra={"pattern": f"^{_HOST_KEY}$"}),
]
"""A public host key as in a known_hosts line, without the host: 'ssh-ed25519 AAAA...'."""

LabelKey = Annotated[
    str,
    AfterValidator(
        matching(_LABEL_KEY, "is not a label name; write 'name' or 'domain/name' like Kubernetes")
    ),
]
"""Name of a Kubernetes label."""

LabelValue = Annotated[
    str,
    AfterValidator(
        matching(
            _LABEL_VALUE,
            "is not a label value; use letters, digits, '-', '_' and '.', at most 63",
        )
    ),
    Field(json_schema_extra={"pattern": f"^{_LABEL_VALUE}$"}),
]
"""Value of a Kubernetes label."""

_TAINT = rf"{_LABEL_KEY}(={_LABEL_VALUE})?:(NoSchedule|PreferNoSchedule|NoExecute)"

Taint = Annotated[
    str,
    AfterValidator(
        matching(_TAINT, "is not a taint; write 'key=value:NoSchedule' as kubectl does")
    ),
]
"""A taint as kubectl writes it: 'key=value:NoSchedule', 'key:NoExecute'."""


def _one_value_an_effect(taints: list[str]) -> list[str]:
    seen: set[str] = set()
    for taint in taints:
        key_and_value, _, effect = taint.rpartition(":")
        name = f"{key_and_value.partition('=')[0]}:{effect}"
        if name in seen:
            raise ValueError(
                f"name '{name}' twice; a node has one value for each key and effect, keep one"
            )
        seen.add(name)
    return taints


Taints = Annotated[list[Taint], AfterValidator(_one_value_an_effect)]
"""The taints of a node."""


class KeySettings(Model):
    """How to prove who we are to an SSH server, and how it proves who it is."""

    port: Port = Field(default=22, description="TCP port of sshd.")
    user: User = Field(default="root", description="Login name.")
    identity_file: LocalPath | None = Field(
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
    known_hosts_file: LocalPath = Field(
        default="~/.ssh/known_hosts",
        description="Known host keys, relative to the project or with '~'. Unknown keys are "
        "refused before anything is sent.",
    )

    @model_validator(mode="after")
    def _passphrase_has_its_key(self) -> Self:
        if self.passphrase is not None and self.identity_file is None:
            raise ValueError("passphrase belongs to identityFile; set that too, or remove it")
        return self


Keys = TypeVar("Keys", bound=KeySettings)


class BastionSettings(KeySettings):
    """A jump host that forwards the connection; it runs no command of ours."""

    address: Host = Field(description="Host name or IP address of the jump host.")

    @model_validator(mode="after")
    def _one_way_to_log_in(self) -> Self:
        return _with_one_login(self, "for the jump host itself")


class SshDefaults(KeySettings):
    """Defaults for the `ssh` section of every node; a node's own fields win.

    A node that names `agent: true` or an `identityFile` of its own does not inherit the other
    way to log in; a node's `bastion` replaces the whole default one.
    """

    sudo: bool | None = Field(
        default=None,
        description="Run as root through `sudo -n`. Default: true unless user is root.",
    )
    bastion: BastionSettings | None = Field(default=None, description="Jump host, if any.")
    connect_timeout: Annotated[int, Field(ge=1, le=600)] = Field(
        default=20, description="Seconds to wait for the connection and for the login."
    )

    @model_validator(mode="after")
    def _not_two_ways_to_log_in(self) -> Self:
        if self.agent and self.identity_file is not None:
            raise ValueError("has both identityFile and agent: true; keep one")
        return self

    @property
    def uses_sudo(self) -> bool:
        """Whether commands go through ``sudo -n``."""
        return self.user != "root" if self.sudo is None else self.sudo


class SshSettings(SshDefaults):
    """How the controller reaches a machine."""

    @model_validator(mode="after")
    def _one_way_to_log_in(self) -> Self:
        return _with_one_login(self, "here or in the stack's `ssh` section")


class NodeSettings(Model):
    """One machine of the fleet."""

    name: DnsLabel = Field(description="Name in the stack and, later, in the cluster.")
    address: Host = Field(description="Host name or IP address that the controller connects to.")
    arch: Arch = Field(default="amd64", description="CPU architecture.")
    ssh: SshSettings = Field(description="Connection; the stack's `ssh` section has the defaults.")
    labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="Labels for scheduling; no service restarts for them."
    )
    taints: Taints = Field(
        default_factory=list, description="Taints in the cluster: 'key=value:NoSchedule'."
    )
    internal_ip: IPv4Address | None = Field(
        default=None,
        description="Address inside the cluster. Default: that of the default route.",
    )
    zone: DnsLabel | None = Field(
        default=None, description="Failure domain: a shop, a hall, a cell site."
    )

    @property
    def inside(self) -> str:
        """The address by which other nodes of its cluster reach it."""
        return str(self.internal_ip) if self.internal_ip is not None else self.address


def _with_one_login(settings: Keys, where: str) -> Keys:
    if settings.agent == (settings.identity_file is not None):
        raise ValueError(f"set exactly one of identityFile and agent: true, {where}")
    return settings
