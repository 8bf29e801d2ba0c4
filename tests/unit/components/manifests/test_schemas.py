"""Whatever an app leaves out, what is rendered for it has only fields that Kubernetes has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from components.manifests.containers import native_container, wasm_container
from components.manifests.hybrid import claim_spec, shared_volume, with_shared
from components.manifests.metadata import labels
from components.manifests.namespaces import limit_range_spec, namespace_labels, network_policies
from components.manifests.pods import deployment_spec, pod_spec
from components.manifests.scaling import autoscaler_spec, budget_spec
from components.manifests.services import open_ports_spec, service_of, service_spec
from components.manifests.volumes import volume
from shimyard.settings import HybridAppSettings, NamespaceSettings, ShimName, WasmAppSettings
from shimyard.settings.base import FieldError
from shimyard.settings.workloads import PodsSettings, PortSettings
from tests.fuzz.places import places, removed
from tests.program.kubernetes.examples import APP, HYBRID, NAMESPACE
from tests.program.kubernetes.schemas import VERSIONS, check

Manifest = dict[str, Any]
some = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def pieces(raw: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """``raw`` without a few of its parts."""

    def without(indices: list[int]) -> dict[str, Any]:
        left = raw
        for index in indices:
            known = list(places(left))
            left = removed(left, known[index % len(known)])
        return left

    return st.lists(st.integers(0, 10_000), max_size=6).map(without)


def manifest(kind: str, group: str, name: str, **fields: Any) -> Manifest:
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name}, **fields}


def around(app: PodsSettings, pod: Manifest, ports: list[PortSettings]) -> Iterator[Manifest]:
    """What every app has."""
    assert set(labels(app)) >= {"app.kubernetes.io/name", "shimyard.dev/app"}
    yield manifest("Deployment", "apps/v1", app.name, spec=deployment_spec(app, pod))
    policy = budget_spec(app)
    yield manifest("PodDisruptionBudget", "policy/v1", app.name, spec=policy)
    if app.autoscaling is not None:
        scaler = autoscaler_spec(app, app.autoscaling)
        yield manifest("HorizontalPodAutoscaler", "autoscaling/v2", app.name, spec=scaler)
    service = service_of(app, ports)
    if service is not None:
        yield manifest("Service", "v1", app.name, spec=service_spec(app, service, ports))
        opened = open_ports_spec(app, service, ports)
        yield manifest("NetworkPolicy", "networking.k8s.io/v1", app.name, spec=opened)


def accepted(app: WasmAppSettings | HybridAppSettings, shim: ShimName) -> bool:
    try:
        app.check_with(shim)
    except FieldError:
        return False
    return True


@some
@given(pieces(APP), st.sampled_from(["wasmtime", "wasmedge", "spin"]))
def test_what_is_left_of_an_app_is_refused_or_valid(raw: dict[str, Any], shim: ShimName) -> None:
    try:
        app = WasmAppSettings.model_validate(raw)
    except ValidationError:
        return
    if not accepted(app, shim):
        return
    ports = app.ports_with(shim)
    pod = pod_spec(
        app,
        [wasm_container(app.name, app, ports, shim, secret="values")],
        shim=shim,
        runtime_class="shimyard-x",
        volumes=[volume(each) for each in app.volumes],
    )
    for each in around(app, pod, ports):
        check(each, VERSIONS[0])


@some
@given(pieces(HYBRID))
def test_what_is_left_of_a_hybrid_app_is_refused_or_valid(raw: dict[str, Any]) -> None:
    try:
        app = HybridAppSettings.model_validate(raw)
    except ValidationError:
        return
    if not accepted(app, "wasmtime"):
        return
    ports = app.proxy_ports_with("wasmtime")
    proxy = wasm_container("proxy", app.proxy, ports, "wasmtime", secret="values")
    native = native_container("app", app.app, secret="values")
    pod = pod_spec(
        app,
        [with_shared(app, proxy, upstream=True), with_shared(app, native)],
        shim="wasmtime",
        runtime_class="shimyard-x",
        volumes=[shared_volume(app, "logs" if app.volume.claim else None)],
    )
    for each in around(app, pod, ports):
        check(each, VERSIONS[0])
    if app.volume.claim is not None:
        spec = claim_spec(app.volume.claim)
        check(manifest("PersistentVolumeClaim", "v1", app.name, spec=spec), VERSIONS[0])


@some
@given(pieces(NAMESPACE))
def test_what_is_left_of_a_namespace_is_refused_or_valid(raw: dict[str, Any]) -> None:
    try:
        namespace = NamespaceSettings.model_validate(raw)
    except ValidationError:
        return
    made = {"name": namespace.name, "labels": namespace_labels(namespace)}
    check({"apiVersion": "v1", "kind": "Namespace", "metadata": made}, VERSIONS[0])
    if namespace.limits is not None:
        check(manifest("LimitRange", "v1", "a", spec=limit_range_spec(namespace.limits)), "1.34")
    if namespace.network_policy is not None:
        for name, spec in network_policies(namespace.network_policy).items():
            check(manifest("NetworkPolicy", "networking.k8s.io/v1", name, spec=spec), VERSIONS[0])


def test_the_whole_examples_are_accepted_here_too() -> None:
    assert accepted(WasmAppSettings.model_validate(APP), "wasmtime")
    assert accepted(HybridAppSettings.model_validate(HYBRID), "wasmtime")
    with pytest.raises(FieldError, match="spin shim"):
        HybridAppSettings.model_validate(HYBRID).check_with("spin")
