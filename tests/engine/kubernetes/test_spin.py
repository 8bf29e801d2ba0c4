"""SpinKube's kinds on a real API server: it has them, takes what is made, and refuses the rest."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from components.manifests.scaling import autoscaler_spec
from components.manifests.spin import GROUP_VERSION, crd, executor_spec, spin_app_spec
from shimyard.settings.platform import SpinAppSettings, SpinExecutorSettings
from tests.engine.kubernetes.apiserver import Kubectl
from tests.program.kubernetes.spin import SPIN_APPS, SPIN_KUBE

KINDS = ("SpinApp", "SpinAppExecutor")


@pytest.fixture(scope="module")
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace, with the kinds established in the cluster."""
    definitions = [crd(kind) for kind in KINDS]
    kubectl.apply(*definitions)
    names = [f"crd/{each['metadata']['name']}" for each in definitions]
    kubectl.run("wait", "--for=condition=Established", "--timeout=30s", *names)
    name = f"spin-{uuid.uuid4().hex[:6]}"
    kubectl.run("create", "namespace", name)
    yield name
    kubectl.run("delete", "namespace", name, "--wait=false")
    kubectl.run("delete", *names)


def custom(kind: str, name: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": GROUP_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def created(kubectl: Kubectl, manifest: dict[str, Any]) -> str:
    """What kubectl says; strict, so that a field that would be dropped is an error."""
    arguments = ("create", "--validate=strict", "-f", "-")
    try:
        return kubectl.run(*arguments, stdin=json.dumps(manifest))
    except AssertionError as refused:
        return str(refused)


@pytest.mark.parametrize("raw", SPIN_APPS, ids=lambda raw: str(raw["name"]))
def test_an_application_with_every_field_is_taken_as_it_is(
    kubectl: Kubectl, namespace: str, raw: dict[str, Any]
) -> None:
    app = SpinAppSettings.model_validate(raw)
    spec = spin_app_spec(app, "shim", secret="values", runtime_config="configuration")
    told = created(kubectl, custom("SpinApp", app.name, namespace, spec))
    assert told == f"spinapp.core.spinkube.dev/{app.name} created\n"
    kept = kubectl.get("spinapp", app.name, "-n", namespace)["spec"]
    assert {key: kept[key] for key in spec if key != "checks"} == {
        key: value for key, value in spec.items() if key != "checks"
    }
    # Each check with its numbers: none is left to the kind's own defaults.
    assert kept.get("checks") == spec.get("checks")


@pytest.mark.parametrize("raw", SPIN_KUBE["executors"], ids=lambda raw: str(raw["name"]))
def test_an_executor_is_taken_as_it_is(
    kubectl: Kubectl, namespace: str, raw: dict[str, Any]
) -> None:
    executor = SpinExecutorSettings.model_validate(raw)
    spec = executor_spec(executor, "shimyard-spin")
    created(kubectl, custom("SpinAppExecutor", executor.name, namespace, spec))
    assert kubectl.get("spinappexecutor", executor.name, "-n", namespace)["spec"] == spec


def test_the_autoscaler_of_an_application_is_taken(kubectl: Kubectl, namespace: str) -> None:
    app = SpinAppSettings.model_validate({"name": "a", "image": "b", "autoscaling": {}})
    assert app.autoscaling is not None
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a", "namespace": namespace},
        "spec": autoscaler_spec(app, app.autoscaling),
    }
    assert created(kubectl, scaler) == "horizontalpodautoscaler.autoscaling/a created\n"


@pytest.mark.parametrize(
    ("kind", "spec", "told"),
    [
        ("SpinApp", {"image": "a"}, "spec.executor: Required value"),
        ("SpinApp", {"executor": "a"}, "spec.image: Required value"),
        (
            "SpinApp",
            {"image": "a", "executor": "b", "nodeSelector": {"c": "d"}},
            'unknown field "spec.nodeSelector"',
        ),
        ("SpinApp", {"image": "a", "executor": "b", "replicas": "two"}, "must be of type integer"),
        ("SpinApp", {"image": "a", "executor": "b", "components": []}, "should have at least 1"),
        (
            "SpinApp",
            {"image": "a", "executor": "b", "checks": {"readiness": {"httpGet": {}}}},
            "spec.checks.readiness.httpGet.path: Required value",
        ),
        ("SpinAppExecutor", {}, "spec.createDeployment: Required value"),
    ],
)
def test_what_the_kinds_do_not_have_is_refused(
    kubectl: Kubectl, namespace: str, kind: str, spec: dict[str, Any], told: str
) -> None:
    answer = created(kubectl, custom(kind, "bad", namespace, spec))
    assert re.search(re.escape(told), answer), answer
