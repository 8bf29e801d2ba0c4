"""What a capability profile makes of an app, and of its namespace's network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from components.manifests.metadata import fingerprint
from components.manifests.seccomp import seccomp_text
from shimyard.settings import FileSettings, StackSettings, WasmAppSettings
from shimyard.settings.security import CapabilityProfileSettings, HostsSettings
from shimyard.settings.security.rules import seccomp_name, seccomp_path

PROFILE_LABEL = "shimyard.dev/profile"
_SYSCALLS = "shimyard.dev/syscalls"


def seccomp_profile(profile: CapabilityProfileSettings) -> dict[str, str]:
    """The field `seccompProfile` of the profile's pods."""
    if profile.syscalls is None:
        return {"type": "RuntimeDefault"}
    return {"type": "Localhost", "localhostProfile": seccomp_name(profile)}


def seccomp_files(settings: StackSettings) -> list[FileSettings]:
    """The seccomp profiles that each node of the cluster needs."""
    return [
        FileSettings(path=seccomp_path(profile), content=seccomp_text(profile.syscalls))
        for profile in settings.security.profiles
        if profile.syscalls is not None
    ]


def confined(app: WasmAppSettings, profile: CapabilityProfileSettings) -> WasmAppSettings:
    """``app`` as the profile has it; ``profile.check`` has found nothing to refuse."""
    limits = app.resources.limits
    if "memory" not in limits.model_fields_set:
        limits = limits.model_copy(update={"memory": profile.memory})
    annotations = dict(app.pod_annotations)
    if profile.syscalls is not None:
        # A container keeps the filter that it has started with: another one means other pods.
        annotations[_SYSCALLS] = fingerprint(seccomp_text(profile.syscalls))
    return app.model_copy(
        update={
            "pod_labels": {**app.pod_labels, PROFILE_LABEL: profile.name},
            "pod_annotations": annotations,
            "pod_security_context": {"seccompProfile": seccomp_profile(profile)},
            "resources": app.resources.model_copy(update={"limits": limits}),
            "volumes": [
                each
                if (place := profile.directory_of(each.mount_path)) is not None and place.write
                else each.model_copy(update={"read_only": True})
                for each in app.volumes
            ],
        }
    )


def profile_labels(namespace: str, profiles: Iterable[CapabilityProfileSettings]) -> dict[str, str]:
    """The label of a namespace whose pods must all be of one profile."""
    owner = next((each.name for each in profiles if namespace in each.namespaces), None)
    return {} if owner is None else {PROFILE_LABEL: owner}


def egress_spec(profile: CapabilityProfileSettings) -> dict[str, Any]:
    """A NetworkPolicy's spec: the profile's pods connect to its hosts and to nothing else."""
    rules = [_egress(host) for host in profile.hosts]
    if profile.dns:
        rules.append({"ports": [{"port": 53, "protocol": kind} for kind in ("UDP", "TCP")]})
    return {
        "podSelector": {"matchLabels": {PROFILE_LABEL: profile.name}},
        "policyTypes": ["Egress"],
        **({"egress": rules} if rules else {}),
    }


def _egress(host: HostsSettings) -> dict[str, Any]:
    ports = [{"port": port, "protocol": "TCP"} for port in host.ports]
    return {"to": [{"ipBlock": {"cidr": host.cidr}}], **({"ports": ports} if ports else {})}
