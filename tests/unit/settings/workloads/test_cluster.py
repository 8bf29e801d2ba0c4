"""Mistakes in namespaces and runtime classes, and in what a node claims of itself."""

from __future__ import annotations

from typing import Any

import pytest

from shimyard.settings import SettingsError, capability_label, parse
from tests.unit.settings.stacks import WHERE
from tests.unit.settings.workloads.apps import accepted, refusal, stack

SECTIONS = ("namespaces", "apps", "hybridApps")
LOGIN = {"host": "registry.lab", "username": "me", "password": "hush"}


@pytest.mark.parametrize("section", ["namespaces", "apps", "hybridApps"])
def test_what_runs_in_a_cluster_needs_one(section: str) -> None:
    raw = stack()
    alone = {name: raw[name] if name == section else [] for name in SECTIONS}
    del raw["cluster"]
    with pytest.raises(SettingsError) as caught:
        parse({**raw, **alone}, where=WHERE)
    assert caught.value.fields == [section]
    assert "need a cluster to run in; add a `cluster` section, or remove them" in str(caught.value)
    assert parse({**raw, **{name: [] for name in SECTIONS}}, where=WHERE).cluster is None


NAMESPACES: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "Shop"}, "name", "is not a DNS label"),
    ({"quota": {"pods": "many"}}, "quota.pods", "is not a quantity; write a number and a unit"),
    ({"quota": {"a b": 1}}, "quota.a b", "is no resource; write it like 'requests.memory', 'pods'"),
    (
        {"podSecurity": {"enforce": "strict"}},
        "podSecurity.enforce",
        "should be one of: 'privileged",
    ),
    ({"podSecurity": {"version": "1.34"}}, "podSecurity.version", "is neither 'latest' nor a vers"),
    (
        {"limits": {"max": {"memory": "64Mi"}}},
        "limits.max.memory",
        "64Mi is less than default.memory (128Mi); raise it",
    ),
    (
        {"limits": {"min": {"cpu": "50m"}}},
        "limits.defaultRequest.cpu",
        "10m is less than min.cpu (50m); raise it",
    ),
    ({"registries": [LOGIN, LOGIN]}, "registries[1].host", "'registry.lab' stands twice; keep one"),
    (
        {"registries": [{**LOGIN, "host": "_default"}]},
        "registries[0].host",
        "credentials are for one registry; name it",
    ),
    (
        {"registries": [{**LOGIN, "username": "a:b"}]},
        "registries[0].username",
        "has a ':', which HTTP forbids; choose another",
    ),
    (
        {"existing": True, "labels": {"a": "b"}},
        "labels",
        "belongs to whoever made the namespace; remove it, or existing",
    ),
    (
        {"existing": True, "podSecurity": {}},
        "podSecurity",
        "belongs to whoever made the namespace; remove it, or existing",
    ),
]


@pytest.mark.parametrize(("change", "field", "sentence"), NAMESPACES)
def test_a_mistake_in_a_namespace_names_its_field_and_the_mend(
    change: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(namespace=change)

    assert f"namespaces[0].{field}" in error.fields
    assert sentence in str(error)


def test_a_namespace_stands_once() -> None:
    error = refusal(namespaces=[{"name": "shop"}, {"name": "shop"}])
    assert error.fields == ["namespaces[1].name"]
    assert "'shop' stands twice; keep one entry" in str(error)


def test_the_namespace_that_every_cluster_has_is_not_made() -> None:
    error = refusal(namespaces=[{"name": "default"}])
    assert error.fields == ["namespaces[0].existing"]
    assert "every cluster has the namespace 'default'; set existing: true" in str(error)


CLASSES: list[tuple[dict[str, Any], str, str]] = [
    (
        {"handlers": {"wasmer": {}}},
        "handlers.wasmer",
        "there is no such handler; the runtime's shims have: wasmtime, spin",
    ),
    (
        {"handlers": {"spin": {"name": "shimyard-wasmtime"}}},
        "handlers.spin.name",
        "'shimyard-wasmtime' is the class of handler 'wasmtime'; give each its own name",
    ),
    ({"prefix": "a.-"}, "prefix", "can't start a name"),
    ({"prefix": "_"}, "prefix", "can't start a name; use lower case letters, digits, '-' and '.'"),
    (
        {"handlers": {"spin": {"overhead": {"memory": "20m"}}}},
        "handlers.spin.overhead.memory",
        "is a fraction of bytes",
    ),
]


@pytest.mark.parametrize(("change", "field", "sentence"), CLASSES)
def test_a_mistake_in_the_runtime_classes_names_its_field_and_the_mend(
    change: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(runtimeClasses=change)

    assert error.fields == [f"runtimeClasses.{field}"]
    assert sentence in str(error)


def test_no_node_says_of_itself_that_a_canary_has_passed() -> None:
    nodes = stack()["nodes"]
    nodes[0]["labels"] = {capability_label("wasmtime"): "true"}
    error = refusal(nodes=nodes)
    assert error.fields == ["nodes[0].labels.handler.shimyard.dev/wasmtime"]
    assert "says that a canary has passed, which only Shimyard can say; remove it" in str(error)


def test_a_class_is_called_after_its_handler_unless_it_is_named() -> None:
    classes = accepted(runtimeClasses={"handlers": {"spin": {"name": "apps"}}}).runtime_classes
    assert classes.name_of("wasmtime") == "shimyard-wasmtime"
    assert classes.name_of("spin") == "apps"


def test_spin_and_paths_of_nodes_go_where_pod_security_lets_them() -> None:
    baseline = {"podSecurity": {"enforce": "baseline"}}
    assert accepted(namespace=baseline, app={"handler": "spin"}).apps[0].handler == "spin"
    privileged = {"podSecurity": {"enforce": "privileged"}}
    assert accepted(namespace=privileged, app={"allowHostPath": True}).apps[0].allow_host_path
    existing = {"existing": True}
    assert accepted(namespace=existing, app={"allowHostPath": True}).apps[0].allow_host_path


def test_a_drain_gives_pods_the_time_in_which_they_still_answer() -> None:
    def drained(grace: int) -> dict[str, Any]:
        raw = stack()["cluster"]
        return {**raw, "rollout": {"drain": {"gracePeriod": grace}}}

    error = refusal(cluster=drained(5))
    assert error.fields == ["cluster.rollout.drain.gracePeriod"]
    assert "5 ends the pods of apps[0] ('greeter') within their sleep of 5 seconds" in str(error)
    accepted(cluster=drained(6))
    silent: dict[str, Any] = {"ports": [], "probes": {}}
    assert "hybridApps[0] ('camera')" in str(refusal(cluster=drained(5), app=silent))
    accepted(cluster=drained(1), app={"preStopSleepSeconds": 0}, hybrid={"preStopSleepSeconds": 0})
