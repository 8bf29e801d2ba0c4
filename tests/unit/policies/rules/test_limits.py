"""No container without limits."""

from __future__ import annotations

from policies.rules.limits import limits
from policies.values import UNKNOWN
from tests.unit.policies.subjects import deployment, subject

MEMORY = {"resources": ["memory"]}


def test_a_container_without_a_limit_is_named() -> None:
    spec = {
        "initContainers": [{"name": "sidecar"}],
        "containers": [
            {"name": "fine", "resources": {"limits": {"memory": "64Mi"}}},
            {"name": "greedy", "resources": {"requests": {"memory": "64Mi"}}},
        ],
    }
    found = list(limits(deployment(spec), MEMORY))
    assert [each.where for each in found] == [
        "container sidecar, resources.limits.memory",
        "container greedy, resources.limits.memory",
    ]
    assert found[0].mend == "set a limit of memory for it"


def test_a_stack_chooses_what_must_be_limited() -> None:
    spec = {"containers": [{"name": "a", "resources": {"limits": {"memory": "1Mi"}}}]}
    assert not list(limits(deployment(spec), MEMORY))
    (found,) = limits(deployment(spec), {"resources": ["memory", "cpu"]})
    assert found.where.endswith("limits.cpu")


def test_a_limit_that_is_not_known_yet_is_one() -> None:
    spec = {"containers": [{"name": "a", "resources": {"limits": {"memory": UNKNOWN}}}]}
    assert not list(limits(deployment(spec), MEMORY))


def test_limits_that_are_not_known_yet_are_passed_over() -> None:
    for resources in (UNKNOWN, {"limits": UNKNOWN}):
        spec = {"containers": [{"name": "a", "resources": resources}]}
        assert not list(limits(deployment(spec), MEMORY))


def test_a_spin_application_has_its_limits_in_its_own_place() -> None:
    type_ = "kubernetes:core.spinkube.dev/v1alpha1:SpinApp"
    (found,) = limits(subject(type_, {"spec": {"image": "a"}}), MEMORY)
    assert found.where == "spec, resources.limits.memory"
    spec = {"resources": {"limits": {"memory": "64Mi"}}}
    assert not list(limits(subject(type_, {"spec": spec}), MEMORY))


def test_what_is_no_workload_has_no_containers() -> None:
    machine = subject(
        "shimyard-edge:node:ContainerRuntime", {"spec": {"containers": [{"name": "a"}]}}
    )
    assert not list(limits(machine, MEMORY))
