"""What a capability profile makes of an app, of the network and of the kernel's calls."""

from __future__ import annotations

import json
from typing import Any

from components.manifests.profiles import confined, egress_spec
from components.manifests.seccomp import seccomp_text
from shimyard.settings import WasmAppSettings
from shimyard.settings.security import CapabilityProfileSettings, SyscallsSettings
from shimyard.settings.security.syscalls import NEEDED, ORDINARY, PRIVILEGED


def app(**fields: Any) -> WasmAppSettings:
    return WasmAppSettings.model_validate(
        {"name": "greeter", "handler": "wasmtime", "image": "registry.lab/greeter:1", **fields}
    )


def profile(**fields: Any) -> CapabilityProfileSettings:
    return CapabilityProfileSettings.model_validate({"name": "sealed", **fields})


def rules(**syscalls: Any) -> dict[str, list[dict[str, Any]]]:
    """Name of a system call -> the rules about it."""
    text = json.loads(seccomp_text(SyscallsSettings(**syscalls)))
    assert (text["defaultAction"], text["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 38)
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in text["syscalls"]:
        for name in rule["names"]:
            found.setdefault(name, []).append(rule)
    return found


def test_what_is_denied_fails_as_forbidden_and_the_rest_is_allowed() -> None:
    found = rules(deny=["connect", "execve"])
    assert all(len(each) == 1 for each in found.values())
    allowed = {name for name, (rule,) in found.items() if rule["action"] == "SCMP_ACT_ALLOW"}
    assert allowed == ORDINARY - {"connect", "execve"}
    for name in ("connect", "execve", *PRIVILEGED - {"clone3"}):
        assert found[name][0]["errnoRet"] == 1, name


def test_what_is_not_in_a_list_of_the_allowed_fails() -> None:
    found = rules(allow=sorted(NEEDED))
    allowed = {name for name, (rule,) in found.items() if rule["action"] == "SCMP_ACT_ALLOW"}
    assert allowed == NEEDED


def test_threads_are_made_and_namespaces_are_not() -> None:
    found = rules(deny=["execve"])
    # The C libraries try it first, and take clone only if the kernel does not seem to have it.
    assert "clone3" not in found
    (clone,) = found["clone"]
    (limit,) = clone["args"]
    assert limit["op"] == "SCMP_CMP_LT"
    threads, fork = 0x003D_0F00, 0x0120_0011
    assert max(threads, fork) < limit["value"] <= 0x0200_0000


def test_sockets_do_not_lead_past_the_pods_network() -> None:
    (socket,) = rules(deny=["execve"])["socket"]
    inet6, alg, vsock = 10, 38, 40
    assert inet6 < socket["args"][0]["value"] <= min(alg, vsock)


def test_another_selection_of_calls_makes_other_pods() -> None:
    one = confined(app(), profile(syscalls={"deny": ["connect"]}))
    two = confined(app(), profile(syscalls={"deny": ["connect", "execve"]}))
    assert one.pod_annotations != two.pod_annotations
    assert confined(app(), profile()).pod_annotations == {}


def test_an_app_gets_the_memory_of_its_profile_or_keeps_its_own_lower_limit() -> None:
    sealed = profile(memory="64Mi")
    assert confined(app(), sealed).resources.limits.memory == "64Mi"
    own = app(resources={"limits": {"memory": "32Mi"}})
    assert confined(own, sealed).resources.limits.memory == "32Mi"


def test_mounts_are_read_only_but_where_the_profile_lets_them_be_written() -> None:
    volumes = [
        {"name": "in", "mountPath": "/in", "emptyDir": {}},
        {"name": "out", "mountPath": "/out/x", "emptyDir": {}},
        {"name": "keys", "mountPath": "/out/keys", "secret": {"name": "keys"}},
    ]
    directories = [{"path": "/in"}, {"path": "/out", "write": True}]
    found = confined(app(volumes=volumes), profile(directories=directories))
    assert [each.is_read_only for each in found.volumes] == [True, False, True]


def test_a_profile_without_hosts_connects_to_nothing() -> None:
    assert egress_spec(profile()) == {
        "podSelector": {"matchLabels": {"shimyard.dev/profile": "sealed"}},
        "policyTypes": ["Egress"],
    }
