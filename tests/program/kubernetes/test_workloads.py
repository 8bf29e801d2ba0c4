"""What an operator counts on when workloads are applied: order, secrets, names, exports."""

from __future__ import annotations

import copy
import itertools
import json
from typing import Any

from tests.program.kubernetes.conftest import Render
from tests.program.kubernetes.examples import EVERYTHING, LEAST, MACHINES


def least(**app: Any) -> dict[str, Any]:
    """The least stack with some fields of its app changed."""
    stack = copy.deepcopy(LEAST)
    stack["apps"][0].update(app)
    return stack


def test_nothing_is_made_for_a_stack_without_workloads_but_the_runtime_classes(
    render: Render,
) -> None:
    made = render(MACHINES)
    assert sorted(made.objects) == [
        "RuntimeClass/stack-edge",
        "RuntimeClass/stack-spin",
        "RuntimeClass/stack-wasmtime",
    ]
    assert made.exports["apps"] == {}


def test_pods_of_a_class_go_only_where_its_handler_is_proven(render: Render) -> None:
    classes = render(LEAST).objects
    for handler in ("wasmtime", "edge", "spin"):
        made = classes[f"RuntimeClass/stack-{handler}"]
        assert made["handler"] == handler
        assert made["scheduling"]["nodeSelector"] == {f"handler.shimyard.dev/{handler}": "true"}


def test_an_app_waits_for_its_class_and_for_all_of_its_namespace(render: Render) -> None:
    deployment = render(EVERYTHING).resource("Deployment", "shop.greeter")
    assert {
        "RuntimeClass::stack-wasmtime",
        "Namespace::shop",
        "Secret::shop-registries",
        "NetworkPolicy::shop-deny-by-default",
    } <= set(deployment["after"])
    assert deployment["provider"] == "cluster-id"


def test_a_preview_without_a_cluster_shows_names_and_not_unknowns(render: Render) -> None:
    pod = render(LEAST).objects["Deployment/shop.greeter"]["spec"]["template"]["spec"]
    assert pod["runtimeClassName"] == "shimyard-wasmtime"
    assert pod["serviceAccountName"] == "shimyard"


def test_no_secret_of_the_stack_is_in_what_is_sent_in_the_open(render: Render) -> None:
    made = render(EVERYTHING)
    assert "hush" not in json.dumps(made.resources)
    assert "hush" not in json.dumps(made.exports)
    secrets = {name: each for name, each in made.objects.items() if each["kind"] == "Secret"}
    assert sorted(secrets) == [
        "Secret/default.hall-env",
        "Secret/default.hall-passwords",
        "Secret/shop-registries",
        "Secret/shop.camera-env",
        "Secret/shop.defects-env",
        "Secret/shop.greeter-env",
        "Secret/shop.prices-env",
        "Secret/shop.prices-runtime-config",
        "Secret/shop.public.public-external-account",
        "Secret/shop.public.tsig",
    ]
    assert all(each["data"] == "[secret]" for each in secrets.values())


def test_each_part_of_spinkube_waits_for_the_one_before(render: Render) -> None:
    platform = EVERYTHING["platform"]
    spin = {**platform["spinKube"], "crds": {}}
    made = render({**EVERYTHING, "platform": {**platform, "spinKube": spin}})
    order = [
        ("Release", "cert-manager"),
        ("Release", "stack-spin-kube"),
        ("ValidatingWebhookConfigurationPatch", "stack-spin-kube-validating"),
        ("SpinAppExecutor", "shop.shim"),
        ("core.spinkube.dev/v1alpha1:SpinApp", "shop.prices"),
        ("HorizontalPodAutoscaler", "shop.prices"),
    ]
    for (before, its_name), (kind, name) in itertools.pairwise(order):
        after = made.resource(kind, name)["after"]
        assert f"{before.rpartition(':')[2]}::{its_name}" in after, (kind, after)
    release = made.resource("Release", "stack-spin-kube")["after"]
    crds = "CustomResourceDefinition::stack-spin-kube-{}.core.spinkube.dev"
    for kind in ("spinapps", "spinappexecutors"):
        assert crds.format(kind) in release
    assert "RuntimeClass::stack-spin" in made.resource("SpinAppExecutor", "shop.shim")["after"]


def test_an_app_with_pull_secrets_of_its_own_keeps_those_of_its_namespace(render: Render) -> None:
    pod = render(EVERYTHING).objects["Deployment/shop.greeter"]["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "shimyard-registries"}, {"name": "more-registries"}]
    assert (
        "imagePullSecrets"
        not in render(LEAST).objects["Deployment/shop.greeter"]["spec"]["template"]["spec"]
    )


def test_a_changed_secret_value_is_another_secret_so_that_the_pods_follow(render: Render) -> None:
    made = render(EVERYTHING)
    secret = made.resource("Secret", "shop.greeter-env")
    assert secret["replaceOnChanges"] == ["data"]
    assert secret["inputs"]["immutable"] is True
    assert "name" not in secret["inputs"]["metadata"]
    container = made.objects["Deployment/shop.greeter"]["spec"]["template"]["spec"]["containers"][0]
    token = next(each for each in container["env"] if each["name"] == "TOKEN")
    reference = {"name": "shop.greeter-env-1a2b", "key": "greeter.TOKEN"}
    assert token["valueFrom"]["secretKeyRef"] == reference


def test_an_autoscaler_and_the_stack_do_not_fight_over_the_number_of_pods(render: Render) -> None:
    scaled = render(least(autoscaling={"minReplicas": 2, "maxReplicas": 9})).objects
    assert scaled["Deployment/shop.greeter"]["spec"]["replicas"] == 2
    metrics = scaled["HorizontalPodAutoscaler/shop.greeter"]["spec"]["metrics"]
    target = {"type": "Utilization", "averageUtilization": 80}
    assert metrics == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    assert render(least(replicas=3)).objects["Deployment/shop.greeter"]["spec"]["replicas"] == 3
    none = render(least(replicas=0)).objects
    assert none["Deployment/shop.greeter"]["spec"]["replicas"] == 0
    # Nobody waits for a pod that will never come.
    metadata = none["Service/shop.greeter"]["metadata"]
    assert metadata["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_two_pods_get_a_budget_that_lets_a_drain_go_on_and_one_gets_none(render: Render) -> None:
    assert "PodDisruptionBudget/shop.greeter" not in render(least()).objects
    made = render(least(replicas=2)).objects["PodDisruptionBudget/shop.greeter"]["spec"]
    assert made["maxUnavailable"] == 1
    assert made["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    off = least(replicas=2, disruptionBudget={"enabled": False})
    assert "PodDisruptionBudget/shop.greeter" not in render(off).objects


def test_each_type_of_service(render: Render) -> None:
    def spec(kind: str) -> dict[str, Any]:
        made: dict[str, Any] = render(least(service={"type": kind})).objects["Service/shop.greeter"]
        found: dict[str, Any] = made["spec"]
        return found

    assert spec("ClusterIP")["type"] == "ClusterIP"
    assert spec("NodePort")["type"] == "NodePort"
    assert spec("LoadBalancer")["type"] == "LoadBalancer"
    assert (spec("Headless")["type"], spec("Headless")["clusterIP"]) == ("ClusterIP", "None")
    without = render(least(service={"type": "None"}))
    assert "Service/shop.greeter" not in without.objects
    assert without.exports["apps"]["shop/greeter"] == {
        "deployment": "greeter",
        "service": None,
        "address": None,
        "url": None,
    }


def test_the_exports_say_how_an_app_is_reached(render: Render) -> None:
    assert render(LEAST).exports["apps"]["shop/greeter"] == {
        "deployment": "greeter",
        "service": "greeter",
        "address": "greeter.shop.svc",
        "url": "http://greeter.shop.svc:8080",
    }
    assert render(EVERYTHING).exports["apps"]["shop/greeter"]["url"] == "http://192.0.2.7"


def test_an_artifact_gets_the_command_that_containerd_insists_on(render: Render) -> None:
    stack = least(artifact="registry.lab/greeter:wasm")
    del stack["apps"][0]["image"]
    pod = render(stack).objects["Deployment/shop.greeter"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["command"] == ["/greeter.wasm"]
    assert pod["containers"][0]["image"] == "registry.lab/greeter:wasm"


def test_an_app_without_a_port_gets_no_service_no_probe_and_no_sleep(render: Render) -> None:
    made = render(least(ports=[])).objects
    assert "Service/shop.greeter" not in made
    container = made["Deployment/shop.greeter"]["spec"]["template"]["spec"]["containers"][0]
    assert not {"startupProbe", "readinessProbe", "livenessProbe", "lifecycle"} & set(container)


def test_a_spin_app_gets_what_its_shim_needs(render: Render) -> None:
    stack = least(handler="spin")
    stack["namespaces"][0]["podSecurity"] = {"enforce": "baseline"}
    pod = render(stack).objects["Deployment/shop.greeter"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["ports"][0]["containerPort"] == 80
    assert container["securityContext"]["readOnlyRootFilesystem"] is False
    assert container["securityContext"]["capabilities"]["add"] == ["NET_BIND_SERVICE"]
    assert "runAsUser" not in pod["securityContext"]


def test_a_closed_namespace_opens_the_ports_of_an_app_that_has_a_service(render: Render) -> None:
    stack = least()
    stack["namespaces"][0]["networkPolicy"] = {}
    policy = render(stack).objects["NetworkPolicy/shop.greeter"]["spec"]
    assert policy["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]
    assert "NetworkPolicy/shop.greeter" not in render(least()).objects


def test_an_existing_namespace_is_only_added_to(render: Render) -> None:
    stack = least()
    stack["namespaces"] = [{"name": "shop", "existing": True, "limits": None}]
    made = render(stack).objects
    assert "Namespace/shop" not in made
    assert "LimitRange/shop" not in made
    assert made["ServiceAccount/shop"]["metadata"]["namespace"] == "shop"


def test_the_containers_of_a_hybrid_app_share_volume_network_and_class(render: Render) -> None:
    pod = render(EVERYTHING).objects["Deployment/shop.camera"]["spec"]["template"]["spec"]
    assert pod["runtimeClassName"] == "edge-edge"
    containers = {each["name"]: each for each in [*pod["initContainers"], *pod["containers"]]}
    assert sorted(containers) == ["app", "proxy", "sidecar"]
    for each in containers.values():
        assert {"name": "shared", "mountPath": "/logs"} in each["volumeMounts"]
        assert {"name": "LOGS", "value": "/logs"} in each["env"]
    assert {"name": "CAMERA", "value": "http://127.0.0.1:9000"} in containers["proxy"]["env"]
    assert containers["sidecar"]["restartPolicy"] == "Always"
    # The app must not end before the proxy has stopped sending it requests.
    assert "preStop" in containers["app"]["lifecycle"]
    assert "preStop" in containers["proxy"]["lifecycle"]


def test_a_tenants_profile_is_in_the_namespace_before_its_first_function(render: Render) -> None:
    deployment = render(EVERYTHING).resource("Deployment", "acme.resize")
    assert "NetworkPolicy::acme-profile-images" in deployment["after"]


def test_what_signs_and_what_is_signed_come_one_after_the_other(render: Render) -> None:
    made = render(EVERYTHING)
    release = made.resource("Release", "cert-manager")
    assert "Namespace::cert-manager" in release["after"]
    root = made.resource("Certificate", "certificates.site-root")
    assert {"Release::cert-manager", "ClusterIssuer::root"} <= set(root["after"])
    issuer = made.resource("ClusterIssuer", "site-ca")
    assert {"Release::cert-manager", "Certificate::certificates.site-root"} <= set(issuer["after"])
    till = made.resource("Certificate", "shop.till")
    assert {"ClusterIssuer::site-ca", "Namespace::shop"} <= set(till["after"])
    public = made.resource("Issuer", "shop.public")
    assert {"Secret::shop.public.tsig", "Secret::shop.public.public-external-account"} <= set(
        public["after"]
    )
    assert made.exports["platform"]["certificates"]["shop/till"] == "till-tls"
