"""SpinKube and its applications: defaults, and what its operator would refuse or never do."""

from __future__ import annotations

from typing import Any

import pytest

from components.manifests.scaling import autoscaler_spec
from components.manifests.spin import crd, executor_spec, scaled_object_spec, spin_app_spec
from shimyard.settings.platform import SpinAppSettings, SpinKubeSettings
from tests.program.kubernetes.schemas import VERSIONS, check
from tests.program.kubernetes.spin import CHART
from tests.unit.settings.workloads.apps import accepted, refusal

APP: dict[str, Any] = {"name": "hello", "image": "registry.lab/hello:1"}
KUBE: dict[str, Any] = {"chart": CHART, "certManager": "external"}
PLACE = "platform.spinApps[0]"
HOST_PATH = {"name": "node", "mountPath": "/node", "hostPath": {"path": "/etc"}}
# Of the words around a mistake in TOML, none may be told: they may be a password.
BROKEN_TOML = '[store]\npassword = "hush\n'


def platform(app: dict[str, Any] | None = None, **kube: Any) -> dict[str, Any]:
    return {"spinKube": {**KUBE, **kube}, "spinApps": [{**APP, **(app or {})}]}


def made(**app: Any) -> SpinAppSettings:
    (found,) = accepted(platform=platform(app)).platform.spin_apps
    return found


def test_the_least_application_has_one_pod_and_the_requests_of_wasm() -> None:
    assert spin_app_spec(made(), "shim") == {
        "image": "registry.lab/hello:1",
        "executor": "shim",
        "replicas": 1,
        "resources": {"requests": {"cpu": "10m", "memory": "2Mi"}, "limits": {"memory": "128Mi"}},
        "podLabels": {
            "app.kubernetes.io/name": "hello",
            "app.kubernetes.io/managed-by": "shimyard",
            "shimyard.dev/app": "hello",
        },
    }


def test_autoscaling_is_from_5_to_100_at_70_percent_and_states_no_replicas() -> None:
    app = made(autoscaling={})
    assert app.autoscaling is not None
    spec = spin_app_spec(app, "shim")
    assert spec["enableAutoscaling"] is True
    assert "replicas" not in spec
    scaler = autoscaler_spec(app, app.autoscaling)
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (5, 100)
    assert scaler["scaleTargetRef"] == {
        "apiVersion": "apps/v1", "kind": "Deployment", "name": "hello",
    }  # fmt: skip
    assert scaler["metrics"] == [
        {
            "type": "Resource",
            "resource": {
                "name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": 70},
            },
        }
    ]


def test_keda_scales_by_the_same_and_more() -> None:
    cron = {"type": "cron", "metadata": {"start": "0 6 * * *"}}
    app = made(
        autoscaling={
            "by": "keda",
            "memoryAverage": "48Mi",
            "triggers": [cron],
            "behavior": {"scaleUp": {"stabilizationWindowSeconds": 5}},
        }
    )
    assert app.autoscaling is not None
    spec = scaled_object_spec(app, app.autoscaling)
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (5, 100)
    memory = {"type": "memory", "metricType": "AverageValue", "metadata": {"value": "48Mi"}}
    assert spec["triggers"] == [memory, cron]
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior == {"scaleUp": {"stabilizationWindowSeconds": 5}}


def test_a_runtime_configuration_is_secret_and_read_as_toml() -> None:
    app = made(runtimeConfig={"text": '[store]\npassword = "hush"\n'})
    assert "hush" not in repr(app)
    assert spin_app_spec(app, "shim", runtime_config="made")["runtimeConfig"] == {
        "loadFromSecret": "made"
    }


def test_an_executor_runs_by_the_class_of_its_handler() -> None:
    (executor,) = SpinKubeSettings.model_validate(KUBE).executors
    assert executor.name == "containerd-shim-spin"
    assert executor_spec(executor, "shimyard-spin") == {
        "createDeployment": True,
        "deploymentConfig": {"runtimeClassName": "shimyard-spin"},
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["SpinApp", "SpinAppExecutor"])
def test_the_kinds_are_definitions_that_kubernetes_has(kind: str, version: str) -> None:
    definition = crd(kind)
    check(definition, version)
    assert definition["metadata"]["name"] == f"{kind.lower()}s.core.spinkube.dev"
    assert definition["spec"]["versions"][0]["subresources"] == {"status": {}}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"image": "a", "executor": "b", "replicas": "1"}, "replicas"),
        ({"image": "a"}, "'executor' is a required property"),
        ({"image": "a", "executor": "b", "nodeSelector": {}}, "'nodeSelector' was unexpected"),
    ],
)
def test_upstreams_schema_refuses_what_it_does_not_have(spec: dict[str, Any], told: str) -> None:
    group = "core.spinkube.dev/v1alpha1"
    with pytest.raises(AssertionError, match=told):
        check({"apiVersion": group, "kind": "SpinApp", "metadata": {}, "spec": spec}, VERSIONS[0])


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "a" * 53}, "name", "has 53 characters"),
    ({"replicas": 0}, "replicas", "is 0, which the operator refuses; write 1 or more"),
    ({"replicas": 2, "autoscaling": {}}, "replicas", "has autoscaling beside it"),
    ({"autoscaling": {"maxReplicas": 3}}, "autoscaling.minReplicas", "5 is more than maxReplicas"),
    ({"autoscaling": {"triggers": [{"type": "cron"}]}}, "autoscaling.triggers", "need by: keda"),
    (
        {"autoscaling": {"memoryUtilization": 80}},
        "autoscaling.memoryUtilization",
        "is a percentage of resources.requests.memory",
    ),
    ({"executor": "other"}, "executor", "there is no executor 'other'; platform.spinKube has: con"),
    (
        {"variables": [{"name": "API", "value": ""}]},
        "variables[0].name",
        "is not a name of a Spin variable; use lower case letters",
    ),
    ({"variables": [{"name": "a"}]}, "variables[0]", "set exactly one of value, secretValue"),
    (
        {"variables": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]},
        "variables[1].name",
        "'a' stands twice",
    ),
    ({"runtimeConfig": {}}, "runtimeConfig", "set exactly one of text and secretName"),
    ({"runtimeConfig": {"text": BROKEN_TOML}}, "runtimeConfig.text", "is not TOML (line 2"),
    ({"volumes": [HOST_PATH]}, "volumes[0].hostPath", "set allowHostPath"),
    (
        {"volumes": [{"name": "spin-ca", "mountPath": "/a", "emptyDir": {}}]},
        "volumes[0].name",
        "starts with 'spin-', as the operator's own do; choose another",
    ),
    (
        {"volumes": [{"name": "a", "mountPath": "/runtime-config.toml", "emptyDir": {}}]},
        "volumes[0].mountPath",
        "is where runtimeConfig goes; use that instead",
    ),
    ({"checks": {"liveness": {}}}, "checks.liveness.httpGet", "is missing"),
    (
        {"checks": {"liveness": {"httpGet": {"path": "/"}, "successThreshold": 2}}},
        "checks.liveness.successThreshold",
        "must be 1 here, says Kubernetes",
    ),
    ({"ingress": {"routes": []}}, "ingress.routes", "is empty; add at least one"),
    (
        {"ingress": {"routes": [{}], "tlsSecret": "tls"}},
        "ingress.routes[0].host",
        "is missing, and tlsSecret has a certificate for hosts; name one",
    ),
    ({"namespace": "gone"}, "namespace", "there is no namespace 'gone'"),
    (
        {"namespace": "shop"},
        "namespace",
        "'shop' enforces 'restricted' pod security, and the spin shim runs as root; set",
    ),
    ({"namespace": "shop", "name": "greeter"}, "name", "'greeter' is apps[0] already"),
    ({"nodeSelector": {"a": "b"}}, "nodeSelector", "there is no such field"),
]


@pytest.mark.parametrize(("changes", "field", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_mend(
    changes: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(platform=platform(changes))
    assert f"{PLACE}.{field}" in error.fields
    assert sentence in str(error)
    assert "hush" not in str(error)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"certManager": "stack"}, "", "needs cert-manager, which makes the certificate of its"),
        (
            {"executors": [{"handler": "wasmtime"}]},
            ".executors[0].handler",
            "'wasmtime' is the handler of no spin shim; write spin",
        ),
        ({"executors": [{}, {}]}, ".executors[1].name", "'containerd-shim-spin' stands twice"),
        ({"executors": []}, ".executors", "is empty; add at least one"),
        ({"namespace": "default"}, ".namespace", "'default' is in every cluster already"),
        ({"values": {"nameOverride": "x"}}, ".values.nameOverride", "would hide the webhooks"),
        ({"crds": {"file": "crds.yaml"}}, ".crds.sha256", "is missing; add what `sha256sum` says"),
        ({"crds": {"sha256": "ab" * 32}}, ".crds.sha256", "has no file to prove"),
        (
            {"crds": {"file": "a.yaml", "sha256": "ab" * 32, "install": False}},
            ".crds.file",
            "is not used with install: false; remove one",
        ),
    ],
)
def test_an_operator_that_could_not_work_is_refused(
    changes: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(platform=platform(**changes))
    assert f"platform.spinKube{field}" in error.fields
    assert sentence in str(error)


def test_applications_need_the_operator_and_it_needs_a_shim() -> None:
    error = refusal(platform={"spinApps": [APP]})
    assert error.fields == [PLACE]
    assert "'hello' needs SpinKube's operator to run it; add platform.spinKube" in str(error)
    runtime = accepted().runtime.model_dump(by_alias=True, exclude_unset=True)
    runtime["shims"] = runtime["shims"][:1]
    error = refusal(platform=platform(), runtime=runtime)
    assert "'spin' is the handler of no spin shim; add one to runtime.shims" in str(error)


def test_the_operators_namespace_is_its_own() -> None:
    error = refusal(platform=platform(namespace="shop"))
    assert error.fields == ["namespaces[0].name"]
    assert "'shop' is SpinKube's own; remove the entry" in str(error)
