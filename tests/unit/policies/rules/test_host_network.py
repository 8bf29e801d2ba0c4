"""The machine's network is for gateways."""

from __future__ import annotations

from typing import Any

import pytest

from policies.rules.host_network import host_network
from policies.values import UNKNOWN
from tests.unit.policies.subjects import WORKLOADS, deployment, subject

GATEWAY = {"components": ["shimyard:index:IoTGateway"]}


def test_a_pod_on_the_machines_network_is_refused() -> None:
    (found,) = host_network(deployment({"hostNetwork": True}), GATEWAY)
    assert found.where == "spec.template.spec.hostNetwork"
    assert "past every NetworkPolicy" in found.reason
    assert "shimyard:index:IoTGateway" in found.mend


def test_a_gateway_may_wherever_it_is_in_the_program() -> None:
    for parents in ("shimyard:index:IoTGateway", "acme:x:Hall$shimyard:index:IoTGateway$x:y:Z"):
        assert not list(host_network(deployment({"hostNetwork": True}, parents=parents), GATEWAY))


def test_a_component_that_only_sounds_like_a_gateway_may_not() -> None:
    pods = deployment({"hostNetwork": True}, parents="acme:index:IoTGateway")
    assert list(host_network(pods, GATEWAY))


def test_a_stack_can_allow_a_component_of_its_own() -> None:
    pods = deployment({"hostNetwork": True}, parents="acme:net:Router")
    assert not list(host_network(pods, {"components": ["acme:net:Router"]}))


@pytest.mark.parametrize("value", [False, None, UNKNOWN])
def test_other_pods_are_left_alone(value: object) -> None:
    assert not list(host_network(deployment({"hostNetwork": value}), GATEWAY))


def test_pods_are_found_in_every_kind_of_workload() -> None:
    pods = {"hostNetwork": True}
    cron = {"spec": {"jobTemplate": {"spec": {"template": {"spec": pods}}}}}
    kinds: dict[str, dict[str, Any]] = {
        "kubernetes:core/v1:Pod": {"spec": pods},
        "kubernetes:batch/v1:CronJob": cron,
        "kubernetes:apps/v1:DaemonSet": {"spec": {"template": {"spec": pods}}},
    }
    for kind, inputs in kinds.items():
        assert list(host_network(subject(kind, inputs, parents=WORKLOADS), GATEWAY)), kind
