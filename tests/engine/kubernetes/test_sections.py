"""What changes its kind in a stack file is the same thing in the cluster afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.kubernetes.programs import Program
from tests.program.kubernetes.examples import MACHINES

CHECKOUT = Path(__file__).resolve().parents[3]
PROGRAM = f"""
import sys
sys.path.insert(0, {str(CHECKOUT)!r})
from components.platform import Platform
from components.workloads import Workloads
from shimyard.settings import parse

stack = parse(STACK, where="the stack")
made = Workloads("all", settings=stack, provider=cluster)
Platform("all", settings=stack, classes=made.classes, namespaces=made.namespaces, provider=cluster)
"""

APP = {
    "name": "greeter",
    "handler": "wasmtime",
    "image": f"registry.lab/greeter@sha256:{'ab' * 32}",
    # There are no nodes.
    "replicas": 0,
}


@pytest.fixture(autouse=True)
def _provider_as_of_a_cluster(program: Program) -> None:
    program.settings |= {"upsert_existing_objects": True, "enable_patch_force": True}


def stack(sections: dict[str, Any]) -> str:
    return PROGRAM.replace("STACK", repr({**MACHINES, **sections}))


def test_a_namespace_that_becomes_a_tenants_stays_with_its_apps(program: Program) -> None:
    name = f"{program.namespace}-moved"
    as_namespace = stack({"namespaces": [{"name": name}], "apps": [{**APP, "namespace": name}]})
    function = {**APP, "autoscaling": None}
    as_tenant = stack(
        {"platform": {"serverless": {"tenants": [{"name": name, "functions": [function]}]}}}
    )

    def uids() -> list[str]:
        things = (("namespace", name), ("deployment", "greeter", f"--namespace={name}"))
        found = [program.kubectl.get(*thing)["metadata"] for thing in things]
        assert [each for each in found if "deletionTimestamp" in each] == []
        return [each["uid"] for each in found]

    program.up(as_namespace)
    before = uids()
    program.kubectl.run("create", "configmap", "kept", f"--namespace={name}")
    for text in (as_tenant, as_namespace):
        program.up(text)
        assert uids() == before
        assert program.kubectl.has("configmap", "kept", f"--namespace={name}")
    program.destroy()
    assert not program.kubectl.has("namespace", name)


def test_an_app_keeps_its_pods_when_it_gets_an_autoscaler(program: Program) -> None:
    # Nobody waits for pods, without a Service either.
    skip = {"pulumi.com/skipAwait": "true"}
    app = {**APP, "namespace": program.namespace, "ports": [], "annotations": skip}
    home = {"name": program.namespace, "existing": True}

    def pods() -> object:
        return program.get("deployment", "greeter")["spec"]["replicas"]

    program.up(stack({"namespaces": [home], "apps": [app]}))
    assert pods() == 0
    scaled = {**app, "replicas": None, "autoscaling": {"minReplicas": 2, "maxReplicas": 5}}
    program.up(stack({"namespaces": [home], "apps": [scaled]}))
    assert pods() == 0
    # As the autoscaler does.
    program.kubectl.run("scale", "deployment/greeter", "--replicas=4", "-n", program.namespace)
    program.up(stack({"namespaces": [home], "apps": [{**scaled, "labels": {"a": "b"}}]}))
    assert pods() == 4
    program.destroy()


def test_an_app_that_goes_behind_a_cache_stays_reachable(program: Program) -> None:
    place = program.namespace
    home = {"name": place, "existing": True}
    function = {**APP, "name": "front-function", "namespace": place}
    cdn = {
        "name": "front",
        "namespace": place,
        "replicas": 0,
        "origin": "http://origin.example.com",
        "function": {**APP, "name": "front-function"},
        "cache": {"image": "registry.lab/nginx:1", "rules": [{"path": "/"}]},
    }

    def uids() -> list[str]:
        found = [program.get(kind, "front-function") for kind in ("deployment", "service")]
        return [each["metadata"]["uid"] for each in found]

    alone = stack({"namespaces": [home], "apps": [function]})
    program.up(alone)
    before = uids()
    program.up(stack({"namespaces": [home], "platform": {"cdnFunctions": [cdn]}}))
    assert uids() == before
    program.up(alone)
    assert uids() == before
    # Another kind of object, behind the same Service.
    host = {
        "name": "front-function",
        "namespace": place,
        "image": "registry.lab/plugin-host:1",
        "replicas": 0,
        "plugins": [{"name": "acme", "image": "registry.lab/acme:1"}],
    }
    program.up(stack({"namespaces": [home], "platform": {"pluginHosts": [host]}}))
    assert uids() == before
    program.destroy()
