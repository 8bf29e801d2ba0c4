"""kill -9 of Pulumi while it makes objects: the next `up` takes them over, none is made twice.

With the provider's settings that a cluster of ours has (components/k3s_cluster.py).
"""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from lab.deadline import wait_for
from tests.engine.kubernetes.kubelet import kubelets
from tests.engine.kubernetes.programs import Program
from tests.engine.program.project import CHECKOUT
from tests.engine.program.running import upping
from tests.program.kubernetes.examples import MACHINES

WEB = """\
config_map("settings", {"color": "red"}, name="settings")
deployment("web", image="registry.example/app:%s", metadata={"labels": {"tier": "%s"}})
"""
# The product's own components; `stack` is what a stack file says.
WORKLOADS = """\
import sys

sys.path.insert(0, %r)
from components import Workloads
from shimyard.settings import parse

Workloads("stack", settings=parse(json.loads(%r), where="here"), provider=cluster)
"""


@pytest.fixture
def ours(program: Program) -> Program:
    """With the settings that our clusters' providers have."""
    program.settings |= {"upsert_existing_objects": True, "enable_patch_force": True}
    return program


def killed(program: Program, text: str) -> None:
    """`pulumi up` that is killed while it waits for a pod that nobody starts."""
    program.prepare(text)
    with upping(program.project) as engine:
        wait_for(
            "the Deployment",
            lambda: None if program.has("deployment", "web") else "not there",
            seconds=60,
        )
        engine.send_signal(signal.SIGKILL)
        engine.wait(20)
    program.project.pulumi("cancel", "--yes")
    assert "kubernetes:apps/v1:Deployment" not in {
        each["type"] for each in program.project.resources()
    }


def test_an_object_that_no_state_knows_is_taken_over(ours: Program) -> None:
    killed(ours, WEB % (1, "front"))
    uid = ours.get("deployment", "web")["metadata"]["uid"]
    with kubelets(ours.kubectl, ours.namespace):
        ours.up(WEB % (2, "back"))
    made = ours.get("deployment", "web")
    assert (made["metadata"]["uid"], made["metadata"]["labels"]["tier"]) == (uid, "back")
    assert made["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":2")
    assert "4 unchanged" in ours.up().output


def test_what_was_taken_over_can_be_changed_and_deleted_like_anything_else(ours: Program) -> None:
    killed(ours, WEB % (1, "front"))
    with kubelets(ours.kubectl, ours.namespace):
        ours.up(WEB % (1, "front"))
        # The manager of the killed run still has a part in every field.
        ours.up(WEB % (2, "back"))
    made = ours.get("deployment", "web")
    assert made["metadata"]["labels"]["tier"] == "back"
    ours.destroy()
    assert not ours.has("deployment", "web")
    assert not ours.has("configmap", "settings")


def test_without_those_settings_the_next_up_would_refuse(program: Program) -> None:
    killed(program, WEB % (1, "front"))
    assert "already exists" in program.up(status=1).output


def workloads(program: Program, **apps: list[dict[str, Any]]) -> str:
    """The program of a stack with these apps, which are called "greeter"."""
    place = {
        "name": "greeter",
        "namespace": program.namespace,
        "handler": "wasmtime",
        # A pod without a node is no address of a Service.
        "service": {"annotations": {"pulumi.com/skipAwait": "true"}},
    }
    given = {kind: [{**place, **each} for each in found] for kind, found in apps.items()}
    home = {"namespaces": [{"name": program.namespace, "existing": True}]}
    return WORKLOADS % (str(CHECKOUT), json.dumps({**MACHINES, **home, **given}))


def test_an_app_that_becomes_one_of_the_other_kind_keeps_its_objects(ours: Program) -> None:
    wasm = workloads(ours, apps=[{"image": "registry.lab/greeter:1"}])
    native = {"image": "registry.lab/app:1", "ports": [{"name": "api", "containerPort": 9000}]}
    proxy = {"image": "registry.lab/proxy:1"}
    hybrid = workloads(ours, hybridApps=[{"proxy": proxy, "app": native}])
    with kubelets(ours.kubectl, ours.namespace):
        ours.up(wasm)
        service = ours.get("service", "greeter")["metadata"]["uid"]
        ours.up(hybrid)
        assert ours.get("service", "greeter")["metadata"]["uid"] == service
        assert len(ours.get("deployment", "greeter")["spec"]["template"]["spec"]["containers"]) == 2
        ours.up(wasm)
    assert ours.has("deployment", "greeter")
    ours.destroy()
