"""Tenants on a real cluster: functions with routes, scaling and quotas, plugins, and their end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.images.packaging import linux_image
from lab.images.registry_client import RegistryClient
from lab.ingress.objects import NAMESPACE, objects
from lab.ingress.recipe import ingress
from lab.instance import Lab
from lab.plugins.recipe import hostile_plugin, plugin_host
from lab.registry import registry_url
from lab.workloads import build
from tests.engine.cluster.answers import ask, wait_for_answer
from tests.engine.cluster.kubectl import Kubectl
from tests.engine.cluster.stack import cluster_stack
from tests.engine.program.project import Project
from toolchain import Toolchain

pytestmark = pytest.mark.lab

MACHINES = 2
# Nothing is upgraded here.
K3S_VERSIONS = 1
ENTRANCE = "edge-2"
FUNCTION = {"artifact": "registry.lab/greeter:artifact"}
OWN_HOST = "greeter.acme.fn.lab"
SERVERLESS: dict[str, Any] = {
    "handler": "wasmtime",
    "domain": "fn.lab",
    "tenants": [
        {
            "name": "acme",
            "functions": [
                {
                    **FUNCTION,
                    "name": "greeter",
                    # What is asked for decides what 70 percent are.
                    "autoscaling": {"minReplicas": 2, "maxReplicas": 6},
                }
            ],
        },
        {
            "name": "beta",
            "quota": {"pods": "3"},
            "functions": [
                {
                    **FUNCTION,
                    "name": "welcome",
                    "autoscaling": {"minReplicas": 1, "maxReplicas": 5},
                    "routes": [{"host": "shop.lab", "path": "/hello"}],
                },
                {**FUNCTION, "name": "inner", "autoscaling": None, "replicas": 1, "routes": []},
            ],
        },
    ],
}
PLUGIN_HOST: dict[str, Any] = {
    "name": "rules",
    "image": "registry.lab/plugin-host:native",
    "service": {"type": "LoadBalancer"},
    "plugins": [
        {"name": "good", "image": "registry.lab/plugins:greeter"},
        {"name": "hostile", "image": "registry.lab/plugins:hostile", "fuel": 2**53},
    ],
}
PLATFORM: dict[str, Any] = {"serverless": SERVERLESS, "pluginHosts": [PLUGIN_HOST]}


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A server and an agent; no function yet."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("serverless"))
    made.config = cluster_stack(lab, built, ["edge-1", ENTRANCE], servers=["edge-1"])
    # The autoscaler looks each 15 s by itself.
    often = {"kube-controller-manager-arg": ["horizontal-pod-autoscaler-sync-period=5s"]}
    made.config["cluster"]["serverConfig"] = often
    made.write()
    made.up()
    return made


@pytest.fixture(scope="module", autouse=True)
def kubectl(project: Project, lab: Lab) -> Kubectl:
    """Of the cluster with an ingress controller, and the functions."""
    made = Kubectl(lab.node("edge-1"))
    greeter = next(each.path for each in build() if each.name == "greeter")
    registry = RegistryClient(registry_url(lab.settings))
    for repository, tag, path, program in (
        ("ingress", "native", "/ingress", ingress("amd64")),
        ("plugin-host", "native", "/plugin-host", plugin_host("amd64")),
        ("plugins", "greeter", "/plugin.wasm", greeter),
        ("plugins", "hostile", "/plugin.wasm", hostile_plugin()),
    ):
        registry.push(linux_image(path, program.read_bytes(), "amd64"), repository, tag)
    for each in objects("registry.lab/ingress:native", ENTRANCE):
        made.apply(each)
    made.wait_ready("app=ingress", 1, NAMESPACE)
    project.config["platform"] = PLATFORM
    project.write()
    project.up()
    return made


def ask_as(lab: Lab, host: str, path: str, port: int = 80) -> tuple[int, str]:
    """Status and body of an answer through the ingress controller, or by a port of the node."""
    answer = ask(lab.node(ENTRANCE), path, port=port, headers={"Host": host})
    return answer.status, answer.body


def answers(lab: Lab, host: str, path: str) -> dict[str, Any]:
    """The greeter's answer, once the controller has heard of the route."""
    answer = wait_for_answer(lab.node(ENTRANCE), path, within=30, headers={"Host": host})
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_functions_answer_at_their_routes_and_nowhere_else(project: Project, lab: Lab) -> None:
    assert answers(lab, OWN_HOST, "/hello/Ada")["greeting"] == "Hello, Ada!"
    assert answers(lab, "shop.lab", "/hello/Bo")["greeting"] == "Hello, Bo!"
    for host, path in (("shop.lab", "/else"), ("inner.beta.fn.lab", "/hello/Ada"), ("lab", "/")):
        assert ask_as(lab, host, path)[0] == 404, host
    assert project.outputs()["platform"] == {
        "functions": {
            "acme/greeter": [f"http://{OWN_HOST}/"],
            "beta/welcome": ["http://shop.lab/hello"],
            "beta/inner": [],
        },
        "pluginHosts": {"default/rules": str(lab.node("edge-1").address)},
    }


def test_a_second_up_changes_nothing(project: Project) -> None:
    told = project.up().output
    assert "unchanged" in told
    assert not [word for word in ("created", "updated", "replaced", "deleted") if word in told]


def test_hostile_plugins_are_stopped_and_their_neighbour_answers(lab: Lab) -> None:
    attacks = {
        "loop": (504, "time"),
        "memory": (507, "memory"),
    }
    for attack, expected in attacks.items():
        status, body = ask_as(lab, "any", f"/hostile/{attack}", 8080)
        assert (status, json.loads(body)["error"]) == expected
        status, body = ask_as(lab, "any", "/good/hello/Ada", 8080)
        assert (status, json.loads(body)["greeting"]) == (200, "Hello, Ada!")
    for attack in ("file?/etc/plugin-host/plugins.json", "socket?127.0.0.1:8080", "host?10.43.0.1"):
        status, body = ask_as(lab, "any", f"/hostile/{attack}", 8080)
        assert (status, body.partition(":")[0]) == (403, "denied"), attack


@contextmanager
def load(lab: Lab, host: str) -> Iterator[None]:
    """Requests from outside of the cluster, as long as the block lasts."""
    argv = ["wrk", "--threads=1", "--connections=2", "--duration=300s", f"--header=Host: {host}"]
    url = f"http://{lab.node(ENTRANCE).address}/hello/load"
    with subprocess.Popen([*argv, url], stdout=subprocess.DEVNULL) as running:
        try:
            yield
        finally:
            running.terminate()


def rescaled(kubectl: Kubectl, tenant: str) -> list[str]:
    """The autoscaler's new sizes, in their order."""
    events = kubectl.get("events", f"--namespace={tenant}")["items"]
    scaled = [each for each in events if each["reason"] == "SuccessfulRescale"]
    scaled.sort(key=lambda each: str(each["metadata"]["creationTimestamp"]))
    return [each["message"].partition(";")[0] for each in scaled]


def test_load_doubles_a_functions_pods_up_to_its_most(lab: Lab, kubectl: Kubectl) -> None:
    with load(lab, OWN_HOST):
        kubectl.wait_ready("shimyard.dev/app=greeter", 6, "acme")
    assert rescaled(kubectl, "acme") == ["New size: 4", "New size: 6"]


def test_a_tenants_quota_holds_whatever_the_load_wants(lab: Lab, kubectl: Kubectl) -> None:
    def missing() -> str | None:
        status = kubectl.get("deployment", "welcome", "--namespace=beta")["status"]
        told = [each["message"] for each in status["conditions"]]
        return None if any("exceeded quota: shimyard" in each for each in told) else str(told)

    with load(lab, "shop.lab"):
        wait_for("the quota's word", missing, seconds=120, interval=0.5)
        kubectl.wait_ready("shimyard.dev/app=welcome", 2, "beta")
        assert len(kubectl.pods("shimyard.dev/app", "beta")) == 3


def test_what_is_taken_out_of_the_stack_is_gone_and_the_rest_stays(
    project: Project, lab: Lab, kubectl: Kubectl
) -> None:
    beta = SERVERLESS["tenants"][1]
    project.config["platform"] = {**PLATFORM, "serverless": {**SERVERLESS, "tenants": [beta]}}
    project.write()
    project.up()
    names = {each["metadata"]["name"] for each in kubectl.get("namespaces")["items"]}
    assert "acme" not in names
    assert ask_as(lab, OWN_HOST, "/hello/Ada")[0] == 404
    assert answers(lab, "shop.lab", "/hello/Bo")["greeting"] == "Hello, Bo!"
    del project.config["platform"]
    project.write()
    project.up()
    names = {each["metadata"]["name"] for each in kubectl.get("namespaces")["items"]}
    assert "beta" not in names
    assert kubectl.get("deployments,configmaps", "-l", "shimyard.dev/app=rules")["items"] == []
