"""Mistakes in a hybrid app: each message has the field and says the mend."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.workloads.apps import HYBRID, accepted, refusal

NATIVE = HYBRID["app"]
PROXY = HYBRID["proxy"]

MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    (
        {"handler": "spin"},
        "handler",
        "'spin' is served by the spin shim, which takes every container for an application of its "
        "own and can't start the native app beside it; choose a handler of wasmtime, wasmedge, "
        "wasmer, wamr, or split this into an app and a Deployment",
    ),
    ({"app": {"image": "registry.lab/x:1"}}, "app.ports", "has no TCP port; name the one that the"),
    ({"app": {**NATIVE, "artifact": "x"}}, "app.artifact", "there is no such field"),
    ({"proxy": {**PROXY, "ports": []}}, "proxy.ports", "is missing: this shim has no HTTP port"),
    (
        {"app": {**NATIVE, "ports": [{"name": "api", "containerPort": 8080}]}},
        "app.ports[0].containerPort",
        "8080 is the proxy's; the containers of a pod share one network, so choose another",
    ),
    (
        {"app": {**NATIVE, "ports": [{"containerPort": 9000}]}},
        "app.ports[0].name",
        "'http' is a port of the proxy; choose another name",
    ),
    (
        {"sidecar": {"image": "x", "ports": [{"name": "m", "containerPort": 9000}]}},
        "sidecar.ports[0].containerPort",
        "9000 is the app's",
    ),
    (
        {"proxy": {**PROXY, "env": [{"name": "UPSTREAM_URL", "value": "x"}]}},
        "proxy.env[0].name",
        "'UPSTREAM_URL' is taken; rename it, or upstreamEnv, or volume.env",
    ),
    (
        {"app": {**NATIVE, "env": [{"name": "SHARED_DIR", "value": "x"}]}},
        "app.env[0].name",
        "'SHARED_DIR' is taken",
    ),
    (
        {"app": {**NATIVE, "env": [{"name": "TOKEN", "value": "x"}], "args": ["$(OTHER)"]}},
        "app.env[0].name",
        "'TOKEN' does not reach a native program, which the shims of runwasi start without the "
        "container's environment; write '$(TOKEN)' into app.args",
    ),
    (
        {"app": {**NATIVE, "envFrom": [{"secretRef": {"name": "x"}}], "args": ["plain"]}},
        "app.envFrom",
        "does not reach a native program",
    ),
    (
        {"app": {**NATIVE, "volumes": [{"name": "shared", "mountPath": "/x", "emptyDir": {}}]}},
        "app.volumes[0].name",
        "'shared' is a volume of volume; choose another name",
    ),
    (
        {"app": {**NATIVE, "volumes": [{"name": "x", "mountPath": "/shared", "emptyDir": {}}]}},
        "app.volumes[0].mountPath",
        "is volume.mountPath; choose another path",
    ),
    (
        {
            "app": {
                **NATIVE,
                "volumes": [{"name": "x", "mountPath": "/x", "hostPath": {"path": "/o"}}],
            }
        },
        "app.volumes[0].hostPath",
        "opens the node's own files to the pod",
    ),
    (
        {"app": {**NATIVE, "probes": {"liveness": {"exec": {"command": ["true"]}}}}},
        "app.probes.liveness.exec",
        "can't run: the shim of a Wasm pod starts no second program in a container",
    ),
    (
        {"proxy": {**PROXY, "probes": {"readiness": {"tcpSocket": {"port": "api"}}}}},
        "proxy.probes.readiness",
        "there is no port 'api'; the container's ports: http",
    ),
    (
        {"volume": {"emptyDir": {}, "claim": {"size": "1Gi"}}},
        "volume",
        "set at most one of emptyDir, claim and persistentVolumeClaim",
    ),
    (
        {"replicas": 2, "volume": {"claim": {"size": "1Gi"}}},
        "volume.claim.accessMode",
        "ReadWriteOnce does not let 2 pods on several nodes write to it; set ReadWriteMany",
    ),
    (
        {"autoscaling": {"maxReplicas": 7}, "volume": {"claim": {"size": "1Gi"}}},
        "volume.claim.accessMode",
        "ReadWriteOnce does not let 7 pods",
    ),
    ({"name": "greeter"}, "name", "'greeter' is apps[0] already; give each its own name in a name"),
]


@pytest.mark.parametrize(("change", "field", "sentence"), MISTAKES)
def test_a_mistake_in_a_hybrid_app_names_its_field_and_the_mend(
    change: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(hybrid=change)

    assert error.fields == [f"hybridApps[0].{field}"]
    assert sentence in str(error)


def test_the_native_app_gets_more_memory_than_wasm_needs() -> None:
    (hybrid,) = accepted().hybrid_apps
    assert hybrid.app.resources.requests.memory == "64Mi"
    assert hybrid.proxy.resources.requests.memory == "2Mi"


def test_pods_may_share_a_claim_that_many_can_write_to() -> None:
    claim = {"claim": {"size": "1Gi", "accessMode": "ReadWriteMany"}}
    (hybrid,) = accepted(hybrid={"replicas": 3, "volume": claim}).hybrid_apps
    assert not hybrid.holds_claim_alone
