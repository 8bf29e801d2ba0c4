"""Capability profiles: all that the pods of an app can do, each part enforced by something real."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from shimyard.settings.base import AbsolutePath, DnsLabel, FieldError, Model
from shimyard.settings.quantity import MemoryQuantity, parse_quantity
from shimyard.settings.runtime import ShimName
from shimyard.settings.security.syscalls import NEEDED, ORDINARY, SyscallName
from shimyard.settings.workloads.apps import WasmAppSettings

_OF_THE_PROFILE = (
    "containers",
    "initContainers",
    "ephemeralContainers",
    "volumes",
    "securityContext",
)
_NOT_A_WASM_PODS = (
    *("runtimeClassName", "hostNetwork", "hostPID", "hostIPC"),
    # Each would bring in a volume or a device that the profile has not.
    *("automountServiceAccountToken", "resourceClaims"),
)


def _network(value: str) -> str:
    if "/" not in value:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            raise ValueError(
                "is a name, and what enforces this knows addresses only; write the network behind "
                "it, like '192.0.2.0/24', or let the app go through a gateway that has an address"
            ) from None
        raise ValueError(f"is one address; write it as '{value}/{address.max_prefixlen}'")
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError(
            "is no network; write its first address and a length, like '192.0.2.0/24'"
        ) from None


Cidr = Annotated[str, AfterValidator(_network)]
"""A network of IPv4 or IPv6 addresses: '192.0.2.0/24', '2001:db8::/32'."""


class DirectorySettings(Model):
    """A folder in the container where volumes may be mounted."""

    path: AbsolutePath = Field(description="Path in the container; what is below it is meant, too.")
    write: bool = Field(
        default=False, description="Volumes there can be written to. Default: mounted read-only."
    )
    host_path: AbsolutePath | None = Field(
        default=None,
        description="The one folder or file of the node that may be mounted there, too; the app "
        "still needs allowHostPath. Default: none.",
    )


class HostsSettings(Model):
    """Addresses that the pods may connect to."""

    cidr: Cidr = Field(
        description="The network, like '192.0.2.0/24'. Of pods, for a Service of the cluster: a "
        "connection is judged by the pod that it ends at."
    )
    ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(
        default_factory=list, description="TCP ports. Default: every port of every protocol."
    )


class SyscallsSettings(Model):
    """What engine and guest may ask the kernel for; set exactly one of allow and deny."""

    allow: list[SyscallName] = Field(
        default_factory=list,
        description="These system calls, and no others. It takes in what the engine itself calls.",
    )
    deny: list[SyscallName] = Field(
        default_factory=list,
        description="All that need no right over the machine, but these: 'connect', 'execve'.",
    )

    @model_validator(mode="after")
    def _starts_a_guest(self) -> Self:
        if bool(self.allow) == bool(self.deny):
            raise ValueError("set exactly one of allow and deny")
        missing = sorted(NEEDED - self.granted)
        if missing:
            field = "allow" if self.allow else "deny"
            mend = "add them" if self.allow else "remove them"
            raise FieldError(
                field, f"leaves no shim able to start: it needs {', '.join(missing)}; {mend}"
            )
        return self

    @property
    def granted(self) -> frozenset[str]:
        """The system calls that are allowed."""
        return frozenset(self.allow) if self.allow else ORDINARY - frozenset(self.deny)


class CapabilityProfileSettings(Model):
    """What pods may do: nothing but what stands here."""

    name: DnsLabel = Field(description="Name, as an app's `profile` has it.")
    namespaces: list[DnsLabel] = Field(
        default_factory=list,
        description="Namespaces in which every pod must be of this profile, whoever makes it. "
        "Default: it holds for the pods of apps that name it.",
    )
    directories: list[DirectorySettings] = Field(
        default_factory=list, description="Where volumes may be mounted. Default: nowhere."
    )
    hosts: list[HostsSettings] = Field(
        default_factory=list, description="What the pods may connect to. Default: nothing."
    )
    dns: bool = Field(
        default=False, description="Let them ask for names, at port 53 of any address."
    )
    syscalls: SyscallsSettings | None = Field(
        default=None, description="System calls. Default: containerd's own selection."
    )
    memory: MemoryQuantity = Field(
        default="128Mi", description="Most memory of a container: '64Mi'."
    )
    threads: Annotated[int, Field(ge=16, le=4_194_304)] | None = Field(
        default=None,
        description="Most threads and processes of a pod, engine and pause process included. "
        "Refused unless cluster.kubeletArgs has a pod-max-pids of at most that: kubelet knows it "
        "for all pods alike. Default: whatever the nodes' kubelets allow.",
    )

    @model_validator(mode="before")
    @classmethod
    def _no_open_files(cls, data: object) -> object:
        for field in ("openFiles", "fileDescriptors"):
            if isinstance(data, dict) and field in data:
                raise FieldError(
                    field,
                    "can't be enforced for a pod: Kubernetes has no field for it, and containerd "
                    "takes a limit for all pods of a handler only. Remove it; for the handler, "
                    "set base_runtime_spec in runtime.containerd.options "
                    "(docs/how-to/capabilities.md)",
                )
        return data

    @model_validator(mode="after")
    def _one_rule_a_place(self) -> Self:
        for index, directory in enumerate(self.directories):
            for other in self.directories:
                if other is directory:
                    continue
                if directory.path == other.path:
                    raise FieldError(
                        f"directories[{index}].path", f"{other.path} stands twice; keep one"
                    )
                if _below(directory.path, other.path):
                    raise FieldError(
                        f"directories[{index}].path",
                        f"is below {other.path}, of which two rules would hold; remove one",
                    )
        return self

    @property
    def policy_name(self) -> str:
        """Name of the NetworkPolicy with its hosts, in each namespace of its pods."""
        return f"profile-{self.name}"

    def directory_of(self, path: str) -> DirectorySettings | None:
        """The directory that a path in the container is in, or None."""
        return next((each for each in self.directories if _below(path, each.path)), None)

    def check(self, app: WasmAppSettings, shim: ShimName | None) -> None:
        """Raise ``FieldError`` for the first thing that ``app`` wants beyond the profile."""
        if shim == "spin":
            raise FieldError(
                "handler",
                "the spin shim runs as root and writes into its root, which no profile allows; "
                "use another shim, or remove profile",
            )
        for field, table in (
            ("securityContext", app.security_context),
            ("podSecurityContext", app.pod_security_context),
        ):
            if table:
                raise FieldError(field, "is the profile's to say; remove it, or profile")
        for key in (*_OF_THE_PROFILE, *_NOT_A_WASM_PODS):
            if key in app.pod_override:
                raise FieldError(
                    f"podOverride.{key}", "is the profile's to say; remove it, or profile"
                )
        self._check_volumes(app)
        self._check_memory(app)

    def _check_volumes(self, app: WasmAppSettings) -> None:
        for index, volume in enumerate(app.volumes):
            place = self.directory_of(volume.mount_path)
            if place is None:
                raise FieldError(
                    f"volumes[{index}].mountPath",
                    f"{volume.mount_path} is no directory of the profile '{self.name}'; mount it "
                    "below one of them, or add it to the profile's directories",
                )
            if volume.read_only is False and not place.write:
                raise FieldError(
                    f"volumes[{index}].readOnly",
                    f"the profile '{self.name}' lets nothing be written below {place.path}; "
                    "remove it, or set the directory's write",
                )
            if volume.host_path is not None and volume.host_path.path != place.host_path:
                raise FieldError(
                    f"volumes[{index}].hostPath.path",
                    f"{volume.host_path.path} is not what the profile '{self.name}' has of the "
                    f"node below {place.path} ({place.host_path or 'nothing'}); write that, or "
                    "set the directory's hostPath",
                )

    def _check_memory(self, app: WasmAppSettings) -> None:
        stated = "memory" in app.resources.limits.model_fields_set
        limit, request = app.resources.limits.memory, app.resources.requests.memory
        most = parse_quantity(self.memory)
        if stated and (limit is None or parse_quantity(limit) > most):
            raise FieldError(
                "resources.limits.memory",
                f"{limit or 'no limit'} is more than the profile '{self.name}' grants "
                f"({self.memory}); lower it, or raise the profile's memory",
            )
        if request is not None and parse_quantity(request) > most:
            raise FieldError(
                "resources.requests.memory",
                f"{request} is more than the profile '{self.name}' grants ({self.memory}); ask "
                "for less, or raise the profile's memory",
            )


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")
