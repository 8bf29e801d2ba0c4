"""Pods that try to get beyond their capability profile, asked of a real API server."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from components.manifests.admission import binding_specs, policy_spec
from components.manifests.containers import wasm_container
from components.manifests.pods import pod_spec
from components.manifests.profiles import PROFILE_LABEL, confined, profile_labels
from components.manifests.volumes import volume
from lab.deadline import wait_for
from shimyard.settings import WasmAppSettings
from shimyard.settings.security import CapabilityProfileSettings
from tests.engine.kubernetes.apiserver import Kubectl

Pod = dict[str, Any]

PLACES = OPEN, CLOSED = ("profiles-open", "profiles-closed")
CLASS = "profiles-wasmtime"
PROFILE = CapabilityProfileSettings.model_validate(
    {
        "name": "sealed",
        "namespaces": [CLOSED],
        "directories": [
            {"path": "/in"},
            {"path": "/out", "write": True},
            {"path": "/models", "hostPath": "/opt/models"},
        ],
        "syscalls": {"deny": ["execve"]},
        "memory": "64Mi",
    }
)
APP = WasmAppSettings.model_validate(
    {
        "name": "greeter",
        "handler": "wasmtime",
        "image": "registry.lab/greeter:1",
        "profile": "sealed",
        "allowHostPath": True,
        "volumes": [
            {"name": "in", "mountPath": "/in", "emptyDir": {}},
            {"name": "out", "mountPath": "/out/today", "emptyDir": {}},
            {"name": "models", "mountPath": "/models", "hostPath": {"path": "/opt/models"}},
        ],
    }
)


def pod(name: str = "greeter", namespace: str = OPEN) -> Pod:
    """What a WasmApp of the profile makes of a pod."""
    app = confined(APP, PROFILE)
    container = wasm_container(app.name, app, [], "wasmtime")
    volumes = [volume(each) for each in app.volumes]
    spec = pod_spec(app, [container], shim="wasmtime", runtime_class=CLASS, volumes=volumes)
    # What a Deployment's controller would fill in.
    del spec["topologySpreadConstraints"]
    metadata = {"name": name, "namespace": namespace, "labels": dict(app.pod_labels)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.fixture(scope="module", autouse=True)
def policy(kubectl: Kubectl) -> Iterator[None]:
    """The profile in force, in two namespaces: one that must have it, and one that may."""
    name = "profiles-sealed"
    rules = {"apiVersion": "admissionregistration.k8s.io/v1"}
    policy = {"metadata": {"name": name}, "spec": policy_spec(PROFILE, [CLASS])}
    objects: list[dict[str, Any]] = [
        *(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": place, "labels": profile_labels(place, [PROFILE])},
            }
            for place in PLACES
        ),
        {
            "apiVersion": "node.k8s.io/v1",
            "kind": "RuntimeClass",
            "metadata": {"name": CLASS},
            "handler": "wasmtime",
        },
        {**rules, "kind": "ValidatingAdmissionPolicy", **policy},
        *(
            {
                **rules,
                "kind": "ValidatingAdmissionPolicyBinding",
                "metadata": {"name": binding},
                "spec": spec,
            }
            for binding, spec in binding_specs(PROFILE, name).items()
        ),
    ]
    kubectl.apply(*objects)
    for place in PLACES:
        wait_for("the policy", partial(not_in_force, kubectl, place), seconds=30)
    yield
    for each in reversed(objects):
        kubectl.run("delete", "--wait=false", each["kind"], each["metadata"]["name"])


def not_in_force(kubectl: Kubectl, namespace: str) -> str | None:
    good = pod(namespace=namespace)
    if not admitted(kubectl, good):
        return "the namespace takes no pods yet"
    trial = changed(good, lambda each: each["spec"].update(hostNetwork=True))
    return "a pod is admitted that should not be" if admitted(kubectl, trial) else None


def admitted(kubectl: Kubectl, manifest: Pod) -> bool:
    """Whether the API server would make the pod."""
    dry = ("create", "--dry-run=server", "-o", "name", "-f", "-")
    return bool(kubectl.run(*dry, stdin=json.dumps(manifest), check=False))


def changed(manifest: Pod, change: Callable[[Pod], object]) -> Pod:
    made = copy.deepcopy(manifest)
    change(made)
    return made


def container(manifest: Pod) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["containers"][0]
    return found


def another(**fields: Any) -> dict[str, Any]:
    """One more container as the profile has them, but for these fields."""
    return {**container(pod()), "name": "another", "volumeMounts": [], **fields}


def mount(name: str, path: str, **fields: Any) -> Callable[[Pod], object]:
    """Mount a volume of the pod once more."""
    extra = {"name": name, "mountPath": path, **fields}
    return lambda each: container(each)["volumeMounts"].append(extra)


def add_volume(**source: Any) -> Callable[[Pod], object]:
    return lambda each: each["spec"]["volumes"].append({"name": "more", **source})


def secure(**fields: Any) -> Callable[[Pod], object]:
    return lambda each: container(each)["securityContext"].update(fields)


ATTEMPTS: dict[str, tuple[Callable[[Pod], object], str]] = {
    "the network of the machine": (
        lambda each: each["spec"].update(hostNetwork=True),
        "hostNetwork, hostPID and hostIPC must be false",
    ),
    "the processes of the machine": (
        lambda each: each["spec"].update(hostPID=True),
        "hostNetwork, hostPID and hostIPC must be false",
    ),
    "no Wasm at all": (
        lambda each: each["spec"].pop("runtimeClassName"),
        f"runtimeClassName must be one of {CLASS}",
    ),
    "more memory": (
        lambda each: container(each)["resources"]["limits"].update(memory="65Mi"),
        "each container must have a memory limit of at most 64Mi",
    ),
    "no limit of memory": (
        lambda each: container(each).pop("resources"),
        "each container must have a memory limit of at most 64Mi",
    ),
    "more memory in another container": (
        lambda each: each["spec"]["containers"].append(
            another(resources={"limits": {"memory": "1Gi"}})
        ),
        "each container must have a memory limit of at most 64Mi",
    ),
    "more memory before the others": (
        lambda each: each["spec"].update(
            initContainers=[another(resources={"limits": {"memory": "1Gi"}})]
        ),
        "each container must have a memory limit of at most 64Mi",
    ),
    "all system calls": (
        lambda each: each["spec"]["securityContext"].update(seccompProfile={"type": "Unconfined"}),
        "the pod's seccompProfile must be shimyard/sealed.json",
    ),
    "the system calls of another profile": (
        lambda each: each["spec"]["securityContext"].update(
            seccompProfile={"type": "Localhost", "localhostProfile": "shimyard/open.json"}
        ),
        "the pod's seccompProfile must be shimyard/sealed.json",
    ),
    "all system calls in one container": (
        secure(seccompProfile={"type": "Unconfined"}),
        "no container may have its own",
    ),
    "a privileged container": (
        secure(privileged=True, allowPrivilegeEscalation=True),
        "each container must set allowPrivilegeEscalation: false",
    ),
    "a root to write to": (
        secure(readOnlyRootFilesystem=False),
        "each container must set allowPrivilegeEscalation: false and readOnlyRootFilesystem: true",
    ),
    "a capability of the kernel": (
        secure(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
        "each container must drop ALL capabilities",
    ),
    "the capabilities that a runtime grants": (
        secure(capabilities={"add": ["NET_BIND_SERVICE"]}),
        "each container must drop ALL capabilities",
    ),
    "a folder that is not the profile's": (
        mount("in", "/etc", readOnly=True),
        "volumes may be mounted below these directories only: /in, /out, /models",
    ),
    "a folder whose name begins alike": (
        mount("in", "/inside", readOnly=True),
        "volumes may be mounted below these directories only",
    ),
    "a folder behind two dots": (
        mount("in", "/in/../etc", readOnly=True),
        "volumes may be mounted below these directories only",
    ),
    "a folder to write to": (
        mount("in", "/in/more"),
        "mounts must be readOnly",
    ),
    "a path of the machine": (
        add_volume(hostPath={"path": "/etc"}),
        "a path of the node must be one that the profile names",
    ),
    "a path of the machine to write to": (
        mount("models", "/out/models"),
        "a path of the node must be one that the profile names, and be mounted there",
    ),
    "a file server": (
        add_volume(nfs={"server": "192.0.2.1", "path": "/"}),
        "volumes must be of the kinds",
    ),
    "a token of the API server": (
        add_volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
        "volumes must be of the kinds",
    ),
}


def test_what_a_wasm_app_of_the_profile_makes_is_admitted(kubectl: Kubectl) -> None:
    for namespace in PLACES:
        assert admitted(kubectl, pod(namespace=namespace))


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_pod_does_not_get(attempt: str, kubectl: Kubectl) -> None:
    change, told = ATTEMPTS[attempt]
    wanted = changed(pod(), change)
    # The same pod without the profile is one that the API server would make.
    free = changed(wanted, lambda each: each["metadata"].pop("labels"))
    assert admitted(kubectl, free)
    with pytest.raises(AssertionError, match=f"capability profile 'sealed': .*{told}"):
        kubectl.run("create", "--dry-run=server", "-f", "-", stdin=json.dumps(wanted))


def test_a_pod_of_no_profile_is_not_made_where_there_must_be_one(kubectl: Kubectl) -> None:
    free = changed(pod(namespace=CLOSED), lambda each: each["metadata"].pop("labels"))
    with pytest.raises(AssertionError, match=f"the pod must have the label {PROFILE_LABEL}"):
        kubectl.run("create", "--dry-run=server", "-f", "-", stdin=json.dumps(free))


def test_a_pod_that_runs_does_not_get_out_of_its_profile(kubectl: Kubectl) -> None:
    kubectl.apply(pod("running"))
    place = ("pod", "running", "-n", OPEN)
    with pytest.raises(AssertionError, match="the pod must have the label"):
        kubectl.run("label", *place, f"{PROFILE_LABEL}-")
    with pytest.raises(AssertionError, match="the pod must have the label"):
        kubectl.run("label", "--overwrite", *place, f"{PROFILE_LABEL}=open")
    more = {
        "spec": {"containers": [{"name": "greeter", "resources": {"limits": {"memory": "1Gi"}}}]}
    }
    with pytest.raises(AssertionError, match="a memory limit of at most 64Mi"):
        kubectl.run("patch", *place, "--subresource=resize", "-p", json.dumps(more))
    running = kubectl.get(*place)
    running["spec"]["ephemeralContainers"] = [{"name": "shell", "image": "registry.lab/shell"}]
    path = f"/api/v1/namespaces/{OPEN}/pods/running/ephemeralcontainers"
    with pytest.raises(AssertionError, match="no ephemeral containers"):
        kubectl.run("replace", "--raw", path, "-f", "-", stdin=json.dumps(running))
    # Whatever is not of the profile can still be changed.
    kubectl.run("annotate", *place, "example.com/seen=yes")


def test_a_namespace_that_is_taken_from_a_profile_is_free_at_once(kubectl: Kubectl) -> None:
    free = changed(pod(namespace=CLOSED), lambda each: each["metadata"].pop("labels"))
    assert not admitted(kubectl, free)
    kubectl.run("label", "namespace", CLOSED, f"{PROFILE_LABEL}-")
    wait_for("the pod", lambda: None if admitted(kubectl, free) else "still refused", seconds=10)
