"""The objects of the workload components on a real API server, scheduler and kubelet.

They are applied by kubectl, as the components render them; what Pulumi adds is shown elsewhere.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.deadline import wait_for
from shimyard.settings import capability_label
from tests.lab.k3s.cluster import Cluster
from tests.lab.k3s.external import SHIM, SOCKET, install_containerd
from tests.lab.k3s.kinds import add_on_kinds
from tests.program.kubernetes.conftest import Render, render
from tests.program.kubernetes.examples import EVERYTHING, MACHINES

__all__ = ["render"]

pytestmark = pytest.mark.lab

GREETER = "docker.io/lab/greeter:1"
NATIVE = "docker.io/lab/probe:1"
STACK: dict[str, Any] = {
    **MACHINES,
    "namespaces": [{"name": "shop", "quota": {"pods": "50"}}],
    "apps": [
        {"name": "greeter", "namespace": "shop", "handler": SHIM, "image": GREETER, "replicas": 2}
    ],
    "hybridApps": [
        {
            "name": "camera",
            "namespace": "shop",
            "handler": SHIM,
            "proxy": {
                "image": GREETER,
                "ports": [{"name": "http", "containerPort": 8081}],
                "env": [{"name": "WASMTIME_HTTP_PROXY_SOCKET_ADDR", "value": "0.0.0.0:8081"}],
            },
            "app": {"image": NATIVE, "ports": [{"name": "api", "containerPort": 8080}]},
        }
    ],
}


@pytest.fixture(scope="module")
def cluster(cluster_lab: Callable[[int], Cluster], images: dict[str, Path]) -> Cluster:
    made = cluster_lab(1)
    install_containerd(made.lab, made.server, images)
    config = {"disable": ["traefik"], "container-runtime-endpoint": SOCKET}
    made.start(made.server, "server", config)
    made.wait_ready(made.server.name)
    return made


@pytest.fixture(scope="module")
def applied(cluster: Cluster, render: Render) -> Cluster:
    """The cluster with all of the stack's objects; no handler counts as proven yet."""
    objects = list(render(STACK).objects.values())
    first = ("Namespace", "RuntimeClass", "LimitRange", "ResourceQuota", "ServiceAccount")
    cluster.apply(*sorted(objects, key=lambda each: each["kind"] not in first))
    return cluster


def pods(cluster: Cluster, app: str) -> list[dict[str, Any]]:
    """The pods of an app."""
    found: list[dict[str, Any]] = cluster.get(
        "pods", "--namespace=shop", f"--selector=shimyard.dev/app={app}"
    )["items"]
    return found


def ready(cluster: Cluster, app: str, count: int) -> None:
    """Wait until an app has so many pods that are available."""

    def missing() -> str | None:
        status = cluster.get("deployment", app, "--namespace=shop")["status"]
        if status.get("availableReplicas") == status.get("replicas") == count:
            return None
        return cluster.kubectl("get", "pods,events", "--namespace=shop", "--output=wide")

    wait_for(f"{count} pods of {app}", missing, seconds=90, interval=0.5)


def answers(cluster: Cluster, service: str, port: int) -> None:
    """Wait until an app answers through its Service, which learns a moment later who is Ready."""
    found = cluster.get("service", service, "--namespace=shop")

    def missing() -> str | None:
        told = cluster.ask(f"{found['spec']['clusterIP']}:{port}", "/hello/edge")
        return None if "edge" in told and "curl" not in told else told

    wait_for(f"an answer of {service}", missing, seconds=20, interval=0.2)


def test_a_pod_waits_while_no_node_has_its_handler_proven(applied: Cluster) -> None:
    def missing() -> str | None:
        found = pods(applied, "greeter")
        reasons = [
            condition.get("reason")
            for pod in found
            for condition in pod["status"].get("conditions", [])
        ]
        return None if reasons == ["Unschedulable"] * 2 else f"{reasons}"

    wait_for("pods that can't be placed", missing, seconds=30, interval=0.5)
    applied.kubectl("label", "node", applied.server.name, f"{capability_label(SHIM)}=true")
    ready(applied, "greeter", 2)


def test_an_app_answers_through_its_service_as_restricted_as_the_namespace_wants(
    applied: Cluster,
) -> None:
    ready(applied, "greeter", 2)
    answers(applied, "greeter", 8080)
    namespace = applied.get("namespace", "shop")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    pod = pods(applied, "greeter")[0]["spec"]
    assert pod["overhead"] == {"cpu": "5m", "memory": "8Mi"}
    assert pod["nodeSelector"] == {capability_label(SHIM): "true"}


def test_a_hybrid_app_runs_wasm_and_native_containers_in_one_pod(applied: Cluster) -> None:
    ready(applied, "camera", 1)
    answers(applied, "camera", 8081)
    (pod,) = pods(applied, "camera")
    assert applied.ask(f"{pod['status']['podIP']}:8080", "/name") == pod["metadata"]["name"]
    written = applied.ask(f"{pod['status']['podIP']}:8080", "/write?path=/shared/a&text=b")
    assert written == "written"


def test_no_request_fails_while_a_new_version_replaces_the_old_one(applied: Cluster) -> None:
    ready(applied, "greeter", 2)
    address = applied.get("service", "greeter", "--namespace=shop")["spec"]["clusterIP"]
    script = (
        "while [ ! -e /run/stop ]; do curl --silent --output /dev/null --max-time 5 "
        '--write-out "%{http_code}\\n" "$1" >>/run/answers; done'
    )
    applied.server.run(
        ["systemd-run", "--unit=asking", "sh", "-c", script, "sh", f"http://{address}:8080/hello/x"]
    )
    deployment = "deployment/greeter"
    applied.kubectl("rollout", "restart", deployment, "--namespace=shop")
    applied.kubectl("rollout", "status", deployment, "--namespace=shop", "--timeout=90s")

    def missing() -> str | None:
        left = [pod for pod in pods(applied, "greeter") if "deletionTimestamp" in pod["metadata"]]
        return f"{len(left)} old pods" if left else None

    wait_for("the end of the old pods", missing, seconds=60, interval=0.5)
    applied.server.run(["touch", "/run/stop"])

    def asking() -> str | None:
        state = applied.server.run(["systemctl", "is-active", "asking"], check=False).stdout
        return None if state.strip() == "inactive" else state

    wait_for("the end of the questions", asking, seconds=20)
    answers = applied.server.run(["cat", "/run/answers"]).stdout.split()
    assert len(answers) > 50
    assert set(answers) == {"200"}


def test_the_api_server_accepts_every_object_of_a_stack_that_sets_everything(
    cluster: Cluster, render: Render
) -> None:
    objects = list(render(EVERYTHING).objects.values())
    cluster.kubectl("create", "namespace", "everything")
    kinds = add_on_kinds()
    # What `kubectl apply` would write into an annotation is too long for one.
    cluster.apply(*kinds, server_side=True)
    names = [f"crd/{each['metadata']['name']}" for each in kinds]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", *names)
    for each in objects:
        manifest = json.loads(json.dumps(each))
        if manifest.get("data") == "[secret]":
            manifest["data"] = _contents(manifest)
        if "namespace" in manifest["metadata"]:
            manifest["metadata"]["namespace"] = "everything"
        if "name" not in manifest["metadata"]:
            manifest["metadata"]["name"] = "named-by-pulumi"
        answered = cluster.kubectl(
            "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-",
            stdin=json.dumps(manifest),
        )  # fmt: skip
        assert "(server dry run)" in answered


def _contents(secret: dict[str, Any]) -> dict[str, str]:
    """Something of the right shape for what the rendering hides."""
    if secret.get("type") != "kubernetes.io/dockerconfigjson":
        return {"a.TOKEN": base64.b64encode(b"x").decode()}
    return {".dockerconfigjson": base64.b64encode(b'{"auths":{}}').decode()}
