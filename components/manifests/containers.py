"""One container of a pod, as Kubernetes has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from components.manifests.merge import merged
from components.manifests.metadata import without_empty
from components.manifests.probes import probes
from shimyard.settings import ShimName
from shimyard.settings.workloads import (
    ContainerSettings,
    EnvSettings,
    NativeContainerSettings,
    PortSettings,
    VolumeSettings,
    WasmContainerSettings,
)
from shimyard.settings.workloads.resources import AmountsSettings, ResourcesSettings

_CAPABILITIES = {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}
"""The fewest that a shim leaves a container: one, which Kubernetes' profile "restricted" allows.

With none left, containerd writes no set of capabilities at all, and the shims' libcontainer then
drops none: the guest would have all of the machine's. Source: libcontainer 0.6.0,
`capabilities.rs`, `drop_privileges`.
"""


def wasm_container(
    name: str,
    settings: WasmContainerSettings,
    ports: list[PortSettings],
    shim: ShimName | None,
    *,
    secret: Any = None,
) -> dict[str, Any]:
    """A container that ``shim`` runs. ``secret``: name of the Secret with its secret values."""
    command = settings.command
    if settings.artifact is not None and not command:
        # containerd refuses a container without a command, and an artifact brings none. The
        # shims take the artifact's layers whatever it says.
        command = [f"/{name}.wasm"]
    security: dict[str, Any] = {
        "allowPrivilegeEscalation": False,
        "capabilities": _CAPABILITIES,
        "readOnlyRootFilesystem": True,
    }
    if shim == "spin":
        # The spin shim unpacks the application into the root.
        security["readOnlyRootFilesystem"] = False
    image = settings.image if settings.artifact is None else settings.artifact
    security = merged(security, settings.security_context)
    return {
        "name": name,
        "image": image,
        **without_empty({"command": list(command)}),
        **_fields(name, settings, ports, secret),
        "securityContext": security,
    }


def native_container(
    name: str, settings: NativeContainerSettings, *, secret: Any = None
) -> dict[str, Any]:
    """An ordinary container. ``secret``: name of the Secret with its secret values."""
    security = {"allowPrivilegeEscalation": False, "capabilities": _CAPABILITIES}
    return {
        "name": name,
        "image": settings.image,
        **without_empty({"command": list(settings.command)}),
        **_fields(name, settings, settings.ports, secret),
        "securityContext": merged(security, settings.security_context),
    }


def secret_key(container: str, variable: str) -> str:
    """Key of a secret value in the app's Secret."""
    return f"{container}.{variable}"


def _fields(
    name: str,
    settings: WasmContainerSettings | NativeContainerSettings,
    ports: list[PortSettings],
    secret: Any,
) -> dict[str, Any]:
    return without_empty(
        {
            "imagePullPolicy": settings.image_pull_policy,
            "args": list(settings.args),
            "workingDir": settings.working_dir,
            "ports": [port.model_dump(by_alias=True) for port in ports],
            "env": [variable_of(name, variable, secret) for variable in settings.env],
            "envFrom": _env_from(settings),
            "resources": resources_of(settings.resources),
            "volumeMounts": mounts_of(settings.volumes),
            **probes(settings.probes, ports),
        }
    )


def resources_of(settings: ResourcesSettings) -> dict[str, Any]:
    """Requests and limits (core/v1 ResourceRequirements)."""
    return without_empty(
        {"requests": _amounts(settings.requests), "limits": _amounts(settings.limits)}
    )


def _amounts(amounts: AmountsSettings) -> dict[str, str]:
    # Resources are spelt with dashes, unlike every field.
    known = amounts.model_dump(exclude_none=True)
    return {name.replace("_", "-"): amount for name, amount in known.items()}


def variable_of(container: str, variable: EnvSettings, secret: Any) -> dict[str, Any]:
    """A variable (core/v1 EnvVar). ``secret``: name of the Secret with the secret values."""
    if variable.value is not None:
        return {"name": variable.name, "value": variable.value}
    if variable.secret_value is not None:
        reference = {"name": secret, "key": secret_key(container, variable.name)}
        return {"name": variable.name, "valueFrom": {"secretKeyRef": reference}}
    source = variable.model_dump(
        by_alias=True,
        exclude_defaults=True,
        include={"secret_key_ref", "config_map_key_ref", "field_ref"},
    )
    return {"name": variable.name, "valueFrom": source}


def _env_from(settings: ContainerSettings) -> list[dict[str, Any]]:
    return [source.model_dump(by_alias=True, exclude_defaults=True) for source in settings.env_from]


def mounts_of(volumes: Iterable[VolumeSettings]) -> list[dict[str, Any]]:
    """Where a container sees its volumes (core/v1 VolumeMounts)."""
    return [
        without_empty(
            {
                "name": volume.name,
                "mountPath": volume.mount_path,
                "subPath": volume.sub_path,
                "readOnly": volume.is_read_only or None,
            }
        )
        for volume in volumes
    ]
