"""Rules between the security of a stack, its apps, its files and its cluster."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.k3s import release
from shimyard.settings.security.admission import keeps_admission
from shimyard.settings.security.profiles import CapabilityProfileSettings
from shimyard.settings.workloads.apps import WasmAppSettings
from shimyard.settings.workloads.namespaces import NamespaceSettings
from shimyard.settings.workloads.rules import (
    BUILT_IN_NAMESPACE,
    all_apps_of,
    apps_of,
    namespaces_of,
)

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings

_ADMISSION = (1, 30, 0)
SECCOMP_FOLDER = "/var/lib/kubelet/seccomp"
"""Where kubelets look for profiles, as long as nobody gives them another folder."""


def seccomp_name(profile: CapabilityProfileSettings) -> str:
    """The seccomp profile's name for the kubelet, relative to ``SECCOMP_FOLDER``."""
    return f"shimyard/{profile.name}.json"


def seccomp_path(profile: CapabilityProfileSettings) -> str:
    """Where nodes have the seccomp profile."""
    return f"{SECCOMP_FOLDER}/{seccomp_name(profile)}"


def check_profiles(stack: StackSettings) -> None:
    """Raise ``FieldError`` for the first profile that nothing would enforce, or that is broken."""
    profiles = stack.security.profiles
    namespaces = {each.name: each for _, each in namespaces_of(stack)}
    for index, profile in enumerate(profiles):
        field = f"security.profiles[{index}]"
        _is_enforced(field, profile, stack)
        for place in profile.namespaces:
            if place not in namespaces:
                raise FieldError(
                    f"{field}.namespaces",
                    f"there is no namespace '{place}'; add it to namespaces",
                )
            if namespaces[place].existing:
                raise FieldError(
                    f"{field}.namespaces",
                    f"'{place}' is not Shimyard's to close to other pods; remove it here, or its "
                    "existing: true",
                )
            _is_closed(f"{field}.namespaces", profile, namespaces[place])
    owners = {place: each.name for each in profiles for place in each.namespaces}
    shims = {shim.handler: shim.name for shim in stack.runtime.shims}
    for field, app in all_apps_of(stack):
        named = app.profile if isinstance(app, WasmAppSettings) else None
        owner = owners.get(app.namespace)
        if owner is not None and named != owner:
            raise FieldError(
                f"{field}.namespace",
                f"'{app.namespace}' takes pods of the profile '{owner}' only; set the app's "
                "profile, or use another namespace (only Wasm apps and functions have one)",
            )
        if named is None or not isinstance(app, WasmAppSettings):
            continue
        found = stack.security.profile(named)
        if found is None:
            known = ", ".join(each.name for each in profiles) or "none"
            raise FieldError(
                f"{field}.profile", f"there is no profile '{named}'; security.profiles has: {known}"
            )
        if app.namespace not in namespaces:
            raise FieldError(
                f"{field}.namespace",
                f"'{BUILT_IN_NAMESPACE}' must stand in namespaces (with existing: true), for the "
                "profile's NetworkPolicy to be put there",
            )
        _is_closed(f"{field}.namespace", found, namespaces[app.namespace])
        try:
            found.check(app, shims[app.handler])
        except FieldError as error:
            raise FieldError(f"{field}.{error.field}", error.sentence) from None


def check_falco(stack: StackSettings) -> None:
    """Raise ``FieldError`` if the rules for Falco would be another file, too, or tell of no pod."""
    falco = stack.security.falco
    if falco is None:
        return
    if not stack.runtime.shims:
        raise FieldError(
            "security.falco",
            "tells of Wasm guests, and runtime.shims has none; add one, or remove it",
        )
    _is_free(falco.path, "security.falco", stack, "choose another path for one of them")


def _is_free(
    path: str, field: str, stack: StackSettings, mend: str = "choose another path"
) -> None:
    """Two files can't stand at one path."""
    for index, file in enumerate(stack.files):
        if file.path == path:
            raise FieldError(f"files[{index}].path", f"{path} is written for {field}; {mend}")


def profiles_of(stack: StackSettings, namespace: str) -> list[CapabilityProfileSettings]:
    """The profiles that pods of a namespace have."""
    named = {
        app.profile
        for _, app in apps_of(stack)
        if app.namespace == namespace and isinstance(app, WasmAppSettings)
    }
    return profiles_in(namespace, named, stack.security.profiles)


def profiles_in(
    namespace: str,
    named: Container[str | None],
    profiles: Iterable[CapabilityProfileSettings],
) -> list[CapabilityProfileSettings]:
    """Those of ``profiles`` that an app there has ``named``, or that hold for all of its pods."""
    return [each for each in profiles if each.name in named or namespace in each.namespaces]


def _is_enforced(field: str, profile: CapabilityProfileSettings, stack: StackSettings) -> None:
    cluster = stack.cluster
    if cluster is None:
        raise FieldError(
            "security.profiles",
            "need a cluster to hold pods to them; add a `cluster` section, or remove them",
        )
    if release(cluster.version) < _ADMISSION:
        raise FieldError(
            "cluster.version",
            f"is {cluster.version}, whose API server can't hold pods to the profile "
            f"'{profile.name}' (ValidatingAdmissionPolicy); use 1.30 or newer, or remove it",
        )
    keeps_admission(stack, f"the profile '{profile.name}'")
    if cluster.server_config.get("disable-network-policy"):
        raise FieldError(
            "cluster.serverConfig.disable-network-policy",
            f"takes away what enforces the hosts of the profile '{profile.name}'; remove it, or "
            "the profile",
        )
    if profile.syscalls is not None:
        if "root-dir" in cluster.kubelet_args:
            raise FieldError(
                "cluster.kubeletArgs.root-dir",
                f"moves {SECCOMP_FOLDER}, where the syscalls of the profile '{profile.name}' are "
                "put; remove it, or the profile's syscalls",
            )
        _is_free(seccomp_path(profile), field, stack)
    if profile.threads is not None:
        told = cluster.kubelet_args.get("pod-max-pids", "")
        if not told.isdigit() or not 0 < int(told) <= profile.threads:
            raise FieldError(
                f"{field}.threads",
                f"{profile.threads} is enforced by nothing: a pod has no such field, and the "
                f"kubelets' limit of each pod is {told or 'none'}; set "
                f"cluster.kubeletArgs.pod-max-pids to '{profile.threads}', or remove it",
            )


def _is_closed(
    field: str, profile: CapabilityProfileSettings, namespace: NamespaceSettings
) -> None:
    """NetworkPolicies add up: what a namespace's own ones open is open for a profile, too."""
    policy = namespace.network_policy
    if policy is None or not policy.deny_egress:
        return
    opens = policy.allow_same_namespace or (policy.allow_dns and not profile.dns)
    if opens:
        raise FieldError(
            field,
            f"the network policy of '{namespace.name}' lets its pods connect to more than the "
            f"profile '{profile.name}' does, and policies add up; set its allowSameNamespace and "
            "allowDns to false, or its denyEgress: a profile denies by itself",
        )
