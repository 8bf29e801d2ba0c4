"""A capability profile as the rule that the API server holds each of its pods to.

Source: kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from components.manifests.profiles import PROFILE_LABEL, seccomp_profile
from shimyard.settings.security import CapabilityProfileSettings, DirectorySettings

_VARIABLES = {
    "containers": "object.spec.containers + object.spec.?initContainers.orValue([])",
    "volumes": "object.spec.?volumes.orValue([])",
}
_HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC")
_VOLUMES = ("configMap", "emptyDir", "persistentVolumeClaim", "secret")


def policy_spec(profile: CapabilityProfileSettings, classes: Iterable[str]) -> dict[str, Any]:
    """The spec of a ValidatingAdmissionPolicy. ``classes``: the Wasm handlers' RuntimeClasses."""
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    # Two ways to change a pod that runs, past the pod itself.
                    "resources": ["pods", "pods/ephemeralcontainers", "pods/resize"],
                }
            ]
        },
        "variables": [
            {"name": name, "expression": expression} for name, expression in _VARIABLES.items()
        ],
        "validations": [
            {
                "expression": expression,
                "message": f"capability profile '{profile.name}': {message}",
                "reason": "Forbidden",
            }
            for expression, message in _rules(profile, sorted(classes))
        ],
    }


def binding_specs(profile: CapabilityProfileSettings, policy: str) -> dict[str, dict[str, Any]]:
    """Name -> spec of the bindings that put a policy of the name ``policy`` into force.

    One for the pods with the profile's label, before a change or after it, and one for all pods in
    namespaces with that label: it is the namespace that says so, not the policy, for its pods must
    be free of a profile as soon as it is taken from there, while the policy still stands.
    """
    label = {"matchLabels": {PROFILE_LABEL: profile.name}}
    return {
        name: {
            "policyName": policy,
            "validationActions": ["Deny"],
            "matchResources": {selector: label},
        }
        for name, selector in (
            (f"{policy}-pods", "objectSelector"),
            (f"{policy}-namespaces", "namespaceSelector"),
        )
    }


def _rules(profile: CapabilityProfileSettings, classes: list[str]) -> list[tuple[str, str]]:
    """(expression that must hold, what to do where it does not)."""
    return [
        (
            f"object.metadata.?labels[?{_text(PROFILE_LABEL)}].orValue('') == "
            f"{_text(profile.name)}",
            f"the pod must have the label {PROFILE_LABEL}",
        ),
        (
            " && ".join(f"!object.spec.?{field}.orValue(false)" for field in _HOST_FIELDS),
            "hostNetwork, hostPID and hostIPC must be false",
        ),
        (
            f"object.spec.?runtimeClassName.orValue('') in {_text(classes)}",
            f"runtimeClassName must be one of {', '.join(classes)}",
        ),
        (
            "size(object.spec.?ephemeralContainers.orValue([])) == 0",
            "no ephemeral containers",
        ),
        (
            "variables.containers.all(c, c.?securityContext.allowPrivilegeEscalation.orValue(true)"
            " == false && !c.?securityContext.privileged.orValue(false)"
            " && c.?securityContext.readOnlyRootFilesystem.orValue(false)"
            " && c.?securityContext.procMount.orValue('Default') == 'Default')",
            "each container must set allowPrivilegeEscalation: false and readOnlyRootFilesystem: "
            "true, and neither privileged nor procMount",
        ),
        (
            "variables.containers.all(c,"
            " c.?securityContext.capabilities.drop.orValue([]).exists(each, each == 'ALL') &&"
            " c.?securityContext.capabilities.add.orValue([])"
            ".all(each, each == 'NET_BIND_SERVICE'))",
            "each container must drop ALL capabilities, and add NET_BIND_SERVICE at most",
        ),
        _seccomp(profile),
        (
            "variables.containers.all(c, 'memory' in c.?resources.limits.orValue({}) &&"
            " quantity(string(c.resources.limits['memory']))"
            f".compareTo(quantity({_text(profile.memory)})) <= 0)",
            f"each container must have a memory limit of at most {profile.memory}",
        ),
        *_volumes(profile.directories),
    ]


def _seccomp(profile: CapabilityProfileSettings) -> tuple[str, str]:
    wanted = seccomp_profile(profile)
    told = wanted.get("localhostProfile", wanted["type"])
    at_pod = " && ".join(
        f"object.spec.?securityContext.seccompProfile.{field}.orValue('') == {_text(value)}"
        for field, value in wanted.items()
    )
    return (
        f"{at_pod} && variables.containers.all(c, !has(c.securityContext) ||"
        " !has(c.securityContext.seccompProfile))",
        f"the pod's seccompProfile must be {told}, and no container may have its own",
    )


def _volumes(directories: list[DirectorySettings]) -> list[tuple[str, str]]:
    mounts = "variables.containers.all(c, c.?volumeMounts.orValue([]).all(m, {}))"
    places = ", ".join(each.path for each in directories) or "none"
    return [
        (
            "variables.volumes.all(v, "
            + " || ".join(f"has(v.{kind})" for kind in (*_VOLUMES, "hostPath"))
            + ")",
            f"volumes must be of the kinds {', '.join(_VOLUMES)}, or a path that the profile names",
        ),
        (
            mounts.format(f"!m.mountPath.contains('..') && ({_any(map(_at, directories))})")
            + " && variables.containers.all(c, size(c.?volumeDevices.orValue([])) == 0)",
            f"volumes may be mounted below these directories only: {places}",
        ),
        (
            mounts.format(
                "m.?readOnly.orValue(false)"
                + "".join(f" || {_at(each)}" for each in directories if each.write)
            ),
            "mounts must be readOnly, but for the directories with write",
        ),
        (
            "variables.volumes.all(v, !has(v.hostPath) || ("
            + _any(
                f"v.hostPath.path == {_text(each.host_path)} && "
                + mounts.format(f"m.name != v.name || {_at(each)}")
                for each in directories
                if each.host_path is not None
            )
            + "))",
            "a path of the node must be one that the profile names, and be mounted there",
        ),
    ]


def _any(expressions: Iterable[str]) -> str:
    return " || ".join(expressions) or "false"


def _at(directory: DirectorySettings) -> str:
    """Whether the mount `m` is in the directory."""
    path = directory.path
    return f"m.mountPath == {_text(path)} || m.mountPath.startsWith({_text(path + '/')})"


def _text(value: str | list[str] | None) -> str:
    """As CEL writes it: as JSON, but for characters beyond the first plane."""
    return json.dumps(value, ensure_ascii=False)
