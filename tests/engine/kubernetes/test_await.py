"""`pulumi up` ends when all objects work, and tells in the meantime what it waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.engine.kubernetes.kubelet import kubelets
from tests.engine.kubernetes.programs import Program
from tests.engine.program.running import upping

# A pod without a node counts as an endpoint only where those that are not ready do.
WORKING = """\
deployment("web", replicas=2)
k8s.core.v1.Service("web", metadata={"namespace": ns, "name": "web"},
    spec={"selector": labels("web"), "ports": [{"port": 80}],
          "publish_not_ready_addresses": True}, opts=opts)
k8s.core.v1.Service("headless", metadata={"namespace": ns, "name": "headless"},
    spec={"cluster_ip": "None", "selector": labels("later"), "ports": [{"port": 80}]}, opts=opts)
k8s.core.v1.Service("alias", metadata={"namespace": ns, "name": "alias"},
    spec={"type": "ExternalName", "external_name": "shop.example"}, opts=opts)
containers = {"containers": [{"name": "app", "image": "registry.example/app:1"}]}
k8s.core.v1.Pod("pod", metadata={"namespace": ns, "name": "pod"}, spec=containers, opts=opts)
k8s.apps.v1.StatefulSet("set", metadata={"namespace": ns, "name": "set"},
    spec={"service_name": "set", "replicas": 1, "selector": {"match_labels": labels("set")},
          "template": {"metadata": {"labels": labels("set")}, "spec": containers}}, opts=opts)
k8s.apps.v1.DaemonSet("each", metadata={"namespace": ns, "name": "each"},
    spec={"selector": {"match_labels": labels("each")},
          "template": {"metadata": {"labels": labels("each")}, "spec": containers}}, opts=opts)
k8s.core.v1.ResourceQuota("quota", metadata={"namespace": ns, "name": "quota"},
    spec={"hard": {"pods": "50"}}, opts=opts)
deployment("asleep", metadata={"annotations": {"pulumi.com/skipAwait": "true"}},
           image="registry.example/asleep:1")
"""


@dataclass
class Worked:
    """An `up` of objects that all come to work."""

    program: Program
    lines: list[str]


@pytest.fixture(scope="module")
def worked(new_program: Callable[[], Program]) -> Worked:
    program = new_program()
    with kubelets(program.kubectl, program.namespace):
        program.up(WORKING, *program.event_log)
    return Worked(program, program.status_lines())


def outputs(program: Program, kind: str, name: str) -> dict[str, object]:
    for each in program.project.resources():
        if each["urn"].endswith(f"kubernetes:{kind}::{name}"):
            found: dict[str, object] = each["outputs"]
            return found
    raise AssertionError(f"no {kind} {name}")


def test_a_deployment_is_done_when_its_pods_are_ready(worked: Worked) -> None:
    status = outputs(worked.program, "apps/v1:Deployment", "web")["status"]
    assert isinstance(status, dict)
    assert status["availableReplicas"] == 2


def test_what_is_waited_for_can_be_read_meanwhile(worked: Worked) -> None:
    assert any("eplicas" in line or "vailable" in line for line in worked.lines)


def test_a_service_is_done_when_it_leads_to_a_pod(worked: Worked) -> None:
    slices = worked.program.get("endpointslices", "-l", "kubernetes.io/service-name=web")
    assert "10.42.0.9" in str(slices["items"])


def test_services_without_pods_of_their_own_are_not_waited_for(worked: Worked) -> None:
    assert worked.program.has("service", "headless", "alias")


def test_pods_and_stateful_sets_are_done_when_they_are_ready(worked: Worked) -> None:
    assert worked.program.get("statefulset", "set")["status"]["readyReplicas"] == 1
    pod = outputs(worked.program, "core/v1:Pod", "pod")["status"]
    assert isinstance(pod, dict)
    assert pod["phase"] == "Running"


def test_a_quota_is_done_when_it_is_counted(worked: Worked) -> None:
    status = outputs(worked.program, "core/v1:ResourceQuota", "quota")["status"]
    assert isinstance(status, dict)
    assert status["hard"] == {"pods": "50"}


def test_skip_await_waits_for_nothing(worked: Worked) -> None:
    found = outputs(worked.program, "apps/v1:Deployment", "asleep")
    # Had it been waited for, the state would hold what the controller has counted.
    status = found.get("status") or {}
    assert isinstance(status, dict)
    assert status.get("availableReplicas", 0) == 0


def test_a_load_balancer_is_done_when_it_has_an_address(program: Program) -> None:
    program.prepare(
        """\
made = k8s.core.v1.Service("web", metadata={"namespace": ns, "name": "web"},
    spec={"type": "LoadBalancer", "load_balancer_class": "example.com/none",
          "ports": [{"port": 80}]}, opts=opts)
pulumi.export("address", made.status.load_balancer.ingress[0].ip)
"""
    )
    with upping(program.project) as engine:
        program.kubectl.run(
            "wait", "service/web", "-n", program.namespace, "--for=create", "--timeout=30s"
        )
        assert engine.poll() is None
        balancer = {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}
        program.kubectl.status("service", "web", program.namespace, balancer)
        output, _ = engine.communicate(timeout=30)
    assert engine.returncode == 0, output
    assert program.project.outputs() == {"address": "192.0.2.7"}


def test_an_interrupted_up_ends_soon_and_keeps_what_it_has_made(program: Program) -> None:
    program.prepare('deployment("web")')
    with upping(program.project) as engine:
        program.kubectl.run(
            "wait", "deployment/web", "-n", program.namespace, "--for=create", "--timeout=30s"
        )
        engine.terminate()
        output, _ = engine.communicate(timeout=20)
    assert engine.returncode != 0
    assert program.resource("apps/v1:Deployment")["id"] == f"{program.namespace}/web", output
