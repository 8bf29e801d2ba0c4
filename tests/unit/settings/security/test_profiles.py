"""Capability profiles: what they grant by default, and how mistakes are told."""

from __future__ import annotations

from typing import Any

import pytest

from shimyard.settings.security import SyscallsSettings
from shimyard.settings.security.syscalls import NEEDED, ORDINARY, PRIVILEGED
from tests.unit.settings.workloads.apps import CLUSTER, accepted, refusal

DATA = {"name": "data", "mountPath": "/data/in", "emptyDir": {}}
HOST = {
    "name": "plugins",
    "namespace": "shop",
    "image": "registry.lab/plugin-host:1",
    "plugins": [{"name": "acme", "image": "registry.lab/rules:1"}],
}
MODELS = {"name": "models", "mountPath": "/models", "hostPath": {"path": "/opt/models"}}


def changes(
    profile: dict[str, Any] | None = None, app: dict[str, Any] | None = None, **others: Any
) -> dict[str, Any]:
    """A stack whose app has a profile, some fields of both changed."""
    return {
        "security": {"profiles": [{"name": "sealed", **(profile or {})}]},
        "app": {"profile": "sealed", **(app or {})},
        **others,
    }


def test_a_profile_grants_nothing_that_it_does_not_name() -> None:
    (profile,) = accepted(**changes()).security.profiles
    assert profile.directories == []
    assert profile.hosts == []
    assert not profile.dns
    assert profile.memory == "128Mi"
    assert profile.syscalls is None


def test_what_the_profile_grants_is_accepted() -> None:
    directories = [{"path": "/data", "write": True}, {"path": "/models", "hostPath": "/opt/models"}]
    volumes = [{**DATA, "readOnly": False}, MODELS]
    found = accepted(
        **changes(
            {"directories": directories, "memory": "64Mi"},
            {
                "volumes": volumes,
                "allowHostPath": True,
                "resources": {"limits": {"memory": "64Mi"}},
            },
            namespace={"podSecurity": {"enforce": "privileged"}},
        )
    )
    assert found.apps[0].profile == "sealed"


def test_the_calls_that_a_shim_needs_are_ordinary_ones_and_never_privileged() -> None:
    assert NEEDED < ORDINARY
    assert not ORDINARY & PRIVILEGED


def test_what_is_granted_is_what_is_allowed_or_all_but_what_is_denied() -> None:
    allowed = [*NEEDED, "socket"]
    assert SyscallsSettings(allow=allowed).granted == {*allowed}
    assert ORDINARY - SyscallsSettings(deny=["execve"]).granted == {"execve"}


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    (
        changes(app={"profile": "open"}),
        "apps[0].profile",
        "there is no profile 'open'; security.profiles has: sealed",
    ),
    (
        changes({"hosts": [{"cidr": "api.example.com"}]}),
        "security.profiles[0].hosts[0].cidr",
        "is a name, and what enforces this knows addresses only",
    ),
    (
        changes({"hosts": [{"cidr": "192.0.2.7"}]}),
        "security.profiles[0].hosts[0].cidr",
        "is one address; write it as '192.0.2.7/32'",
    ),
    (
        changes({"hosts": [{"cidr": "192.0.2.7/24"}]}),
        "security.profiles[0].hosts[0].cidr",
        "is no network; write its first address and a length",
    ),
    *(
        (
            changes({}, {field: {"shimyard.dev/profile": "other"}}),
            f"apps[0].{field}.shimyard.dev/profile",
            "names a pod's capability profile; set profile of the app instead",
        )
        for field in ("labels", "podLabels")
    ),
    *(
        (
            changes({}, {"podOverride": {field: value}}),
            f"apps[0].podOverride.{field}",
            "is the profile's to say; remove it, or profile",
        )
        for field, value in (("automountServiceAccountToken", True), ("resourceClaims", []))
    ),
    (
        changes(
            cluster={
                **CLUSTER,
                "serverConfig": {
                    "kube-apiserver-arg": ["disable-admission-plugins=ValidatingAdmissionPolicy"]
                },
            }
        ),
        "cluster.serverConfig.kube-apiserver-arg",
        "disables ValidatingAdmissionPolicy, which holds pods to the profile 'sealed'",
    ),
    (
        changes({"openFiles": 64}),
        "security.profiles[0].openFiles",
        "can't be enforced for a pod",
    ),
    (
        changes({"threads": 64}),
        "security.profiles[0].threads",
        "64 is enforced by nothing: a pod has no such field, and the kubelets' limit of each pod "
        "is none; set cluster.kubeletArgs.pod-max-pids to '64'",
    ),
    (
        changes({"threads": 64}, cluster={**CLUSTER, "kubeletArgs": {"pod-max-pids": "65"}}),
        "security.profiles[0].threads",
        "the kubelets' limit of each pod is 65",
    ),
    (
        changes({"syscalls": {"deny": ["connnect"]}}),
        "security.profiles[0].syscalls.deny[0]",
        "is no system call of Linux on amd64 or arm64",
    ),
    (
        changes({"syscalls": {"allow": ["mount"]}}),
        "security.profiles[0].syscalls.allow[0]",
        "is never granted to a workload",
    ),
    (
        changes({"syscalls": {"allow": ["read", "write"]}}),
        "security.profiles[0].syscalls.allow",
        "leaves no shim able to start: it needs accept4, clone, close, ",
    ),
    (
        changes({"syscalls": {"deny": ["mmap"]}}),
        "security.profiles[0].syscalls.deny",
        "leaves no shim able to start: it needs mmap; remove them",
    ),
    (
        changes({"syscalls": {}}),
        "security.profiles[0].syscalls",
        "set exactly one of allow and deny",
    ),
    (
        changes(
            {"syscalls": {"deny": ["execve"]}},
            cluster={**CLUSTER, "kubeletArgs": {"root-dir": "/data/kubelet"}},
        ),
        "cluster.kubeletArgs.root-dir",
        "moves /var/lib/kubelet/seccomp",
    ),
    (
        changes(
            {"syscalls": {"deny": ["execve"]}},
            files=[{"path": "/var/lib/kubelet/seccomp/shimyard/sealed.json", "content": "{}"}],
        ),
        "files[0].path",
        "is written for security.profiles[0]",
    ),
    (
        changes({"directories": [{"path": "/data"}, {"path": "/data"}]}),
        "security.profiles[0].directories[0].path",
        "/data stands twice",
    ),
    (
        changes({"directories": [{"path": "/data"}, {"path": "/data/in", "write": True}]}),
        "security.profiles[0].directories[1].path",
        "is below /data, of which two rules would hold",
    ),
    (
        changes(app={"volumes": [DATA]}),
        "apps[0].volumes[0].mountPath",
        "/data/in is no directory of the profile 'sealed'",
    ),
    (
        changes({"directories": [{"path": "/dat"}]}, {"volumes": [DATA]}),
        "apps[0].volumes[0].mountPath",
        "/data/in is no directory of the profile 'sealed'",
    ),
    (
        changes({"directories": [{"path": "/data"}]}, {"volumes": [{**DATA, "readOnly": False}]}),
        "apps[0].volumes[0].readOnly",
        "the profile 'sealed' lets nothing be written below /data",
    ),
    (
        changes(
            {"directories": [{"path": "/models"}]},
            {"volumes": [MODELS], "allowHostPath": True},
            namespace={"podSecurity": {"enforce": "privileged"}},
        ),
        "apps[0].volumes[0].hostPath.path",
        "/opt/models is not what the profile 'sealed' has of the node below /models (nothing)",
    ),
    (
        changes(app={"resources": {"limits": {"memory": "129Mi"}}}),
        "apps[0].resources.limits.memory",
        "129Mi is more than the profile 'sealed' grants (128Mi)",
    ),
    (
        changes(app={"resources": {"limits": {"memory": None}}}),
        "apps[0].resources.limits.memory",
        "no limit is more than the profile 'sealed' grants (128Mi)",
    ),
    (
        changes({"memory": "16Mi"}, {"resources": {"requests": {"memory": "32Mi"}}}),
        "apps[0].resources.requests.memory",
        "32Mi is more than the profile 'sealed' grants (16Mi)",
    ),
    (
        changes(app={"securityContext": {"privileged": True}}),
        "apps[0].securityContext",
        "is the profile's to say",
    ),
    (
        changes(app={"podSecurityContext": {"runAsUser": 0}}),
        "apps[0].podSecurityContext",
        "is the profile's to say",
    ),
    (
        changes(app={"podOverride": {"hostNetwork": True}}),
        "apps[0].podOverride.hostNetwork",
        "is the profile's to say",
    ),
    (
        changes(app={"handler": "spin"}, namespace={"podSecurity": {"enforce": "baseline"}}),
        "apps[0].handler",
        "the spin shim runs as root",
    ),
    (
        changes(app={"namespace": "default"}),
        "apps[0].namespace",
        "'default' must stand in namespaces",
    ),
    (
        changes(namespace={"networkPolicy": {"denyEgress": True}}),
        "apps[0].namespace",
        "the network policy of 'shop' lets its pods connect to more than the profile 'sealed'",
    ),
    (
        changes(cluster={**CLUSTER, "serverConfig": {"disable-network-policy": True}}),
        "cluster.serverConfig.disable-network-policy",
        "takes away what enforces the hosts of the profile 'sealed'",
    ),
    (
        changes(cluster={**CLUSTER, "version": "1.29.9+k3s1"}),
        "cluster.version",
        "whose API server can't hold pods to the profile 'sealed'",
    ),
    (
        changes({"namespaces": ["nowhere"]}),
        "security.profiles[0].namespaces",
        "there is no namespace 'nowhere'",
    ),
    (
        changes({"namespaces": ["shop"]}, namespace={"existing": True}),
        "security.profiles[0].namespaces",
        "'shop' is not Shimyard's to close to other pods",
    ),
    (
        changes({"namespaces": ["shop"]}),
        "hybridApps[0].namespace",
        "'shop' takes pods of the profile 'sealed' only",
    ),
    (
        changes({"namespaces": ["shop"]}, hybridApps=[], platform={"pluginHosts": [HOST]}),
        "platform.pluginHosts[0].namespace",
        "'shop' takes pods of the profile 'sealed' only",
    ),
    (
        {"security": {"profiles": [{"name": "sealed"}, {"name": "sealed"}]}},
        "security.profiles[1].name",
        "'sealed' stands twice",
    ),
    (
        {
            "security": {
                "profiles": [
                    {"name": "a", "namespaces": ["shop"]},
                    {"name": "b", "namespaces": ["shop"]},
                ]
            }
        },
        "security.profiles[1].namespaces",
        "'shop' is of the profile 'a'",
    ),
]


@pytest.mark.parametrize(("stack", "field", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_mend(
    stack: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(**stack)
    assert field in error.fields
    assert sentence in str(error)


def test_profiles_need_a_cluster() -> None:
    sections: dict[str, Any] = {"namespaces": [], "apps": [], "hybridApps": []}
    error = refusal(security={"profiles": [{"name": "sealed"}]}, cluster=None, **sections)
    assert error.fields == ["security.profiles"]


def test_threads_are_accepted_where_the_kubelets_hold_every_pod_to_fewer() -> None:
    cluster = {**CLUSTER, "kubeletArgs": {"pod-max-pids": "64"}}
    (profile,) = accepted(**changes({"threads": 64}, cluster=cluster)).security.profiles
    assert profile.threads == 64
