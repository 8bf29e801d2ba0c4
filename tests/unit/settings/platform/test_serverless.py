"""Tenants and functions: what they get by default, and how mistakes are told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from shimyard.settings.platform import ServerlessSettings
from tests.unit.settings.workloads.apps import accepted, refusal

FUNCTION: dict[str, Any] = {"name": "resize", "artifact": "registry.lab/resize:1"}
PLACE = "platform.serverless"


def serverless(
    function: dict[str, Any] | None = None,
    tenant: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A section with one tenant and one function, some fields of them changed."""
    functions = [{**copy.deepcopy(FUNCTION), **(function or {})}]
    tenants = [{"name": "acme", "functions": functions, **(tenant or {})}]
    return {"serverless": {"handler": "wasmtime", "tenants": tenants, **changes}}


def made(**changes: Any) -> ServerlessSettings:
    found = accepted(platform=serverless(**changes)).platform.serverless
    assert found is not None
    return found


def test_a_function_has_ten_to_a_thousand_pods_and_doubles_every_fifteen_seconds() -> None:
    ((_, tenant, function),) = made().functions()
    scaling = function.autoscaling
    assert scaling is not None
    assert (scaling.min_replicas, scaling.max_replicas) == (10, 1000)
    assert scaling.DEFAULT_UTILIZATION == 70
    assert scaling.behavior is not None
    up = scaling.behavior.scale_up
    assert up is not None
    assert up.stabilization_window_seconds == 0
    assert [(each.type, each.value, each.period_seconds) for each in up.policies] == [
        ("Percent", 100, 15)
    ]
    assert (function.namespace, function.handler) == ("acme", "wasmtime")
    assert tenant.share == {"pods": "1001"}
    assert tenant.network_policy is not None


def test_an_issuer_gives_each_function_a_certificate_of_its_own() -> None:
    found = made(domain="fn.lab", tlsIssuer="site", ingressAnnotations={"a.lab/b": "c"})
    ((_, _, function),) = found.functions()
    assert found.tls_secret_of(function.name) == "resize-tls"
    assert found.with_issuer == {"a.lab/b": "c", "cert-manager.io/cluster-issuer": "site"}
    stated = made(domain="fn.lab", tlsSecret="all-tls")
    assert stated.tls_secret_of(function.name) == "all-tls"
    assert stated.with_issuer == {}


def test_a_share_that_is_stated_stays_as_it_is() -> None:
    (tenant,) = made(tenant={"quota": {"requests.memory": "1Gi"}}).tenants
    assert tenant.share == {"requests.memory": "1Gi"}
    (empty,) = made(tenant={"functions": []}).tenants
    assert empty.share == {}


def test_a_function_answers_at_a_host_of_its_own_if_there_is_a_domain() -> None:
    found = made(domain="fn.example.com")
    ((_, tenant, function),) = found.functions()
    hosts = [route.host for route in found.routes_of(tenant, function)]
    assert hosts == ["resize.acme.fn.example.com"]
    without = made()
    ((_, tenant, function),) = without.functions()
    assert without.routes_of(tenant, function) == []


def test_a_route_without_a_host_gets_the_functions_own() -> None:
    found = made(function={"routes": [{"path": "/v1"}]}, domain="fn.example.com")
    ((_, tenant, function),) = found.functions()
    (route,) = found.routes_of(tenant, function)
    assert (route.host, route.path) == ("resize.acme.fn.example.com", "/v1")


TWICE = [FUNCTION, {**FUNCTION, "name": "again"}]
MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    (
        {"function": {"namespace": "shop"}},
        "tenants[0].functions[0].namespace",
        "is the tenant's own; remove it",
    ),
    (
        {"function": {"handler": "nothing"}},
        "tenants[0].functions[0].handler",
        "there is no handler 'nothing'",
    ),
    (
        {"handler": None},
        "tenants[0].functions[0].handler",
        "is missing",
    ),
    (
        {"function": {"replicas": 3}},
        "tenants[0].functions[0].replicas",
        "has autoscaling beside it, which decides; remove one",
    ),
    (
        {"function": {"autoscaling": {"maxReplicas": 5}}},
        "tenants[0].functions[0].autoscaling.minReplicas",
        "10 is more than maxReplicas (5)",
    ),
    (
        {"function": {"routes": [{"host": "Example.com"}]}},
        "tenants[0].functions[0].routes[0].host",
        "is not a host name; write it like 'api.example.com'",
    ),
    (
        {"function": {"routes": [{"path": "v1?x"}]}},
        "tenants[0].functions[0].routes[0].path",
        "is not a path of a URL; start it with '/'",
    ),
    (
        {"function": {"routes": [{}]}, "tlsSecret": "tls"},
        "tenants[0].functions[0].routes[0].host",
        "is missing, and tlsSecret has a certificate for hosts",
    ),
    (
        {"function": {"routes": [{}]}, "tlsIssuer": "site"},
        "tenants[0].functions[0].routes[0].host",
        "is missing, and tlsIssuer signs a certificate for hosts",
    ),
    (
        {"tlsSecret": "tls", "tlsIssuer": "site"},
        "tlsSecret",
        "is not needed beside tlsIssuer",
    ),
    (
        {
            "ingressAnnotations": {"cert-manager.io/cluster-issuer": "other"},
            "tlsIssuer": "site",
        },
        "ingressAnnotations.cert-manager.io/cluster-issuer",
        "is what tlsIssuer sets",
    ),
    (
        {"tenant": {"functions": [{**each, "routes": [{}]} for each in TWICE]}},
        "tenants[0].functions[1].routes[0]",
        "every host/ leads to acme/resize already",
    ),
    ({"domain": "*.fn.lab"}, "domain", "is not a domain; write it like 'fn.example.com'"),
    (
        {"domain": ".".join(["a" * 60] * 4)},
        "tenants[0].functions[0].name",
        "characters, and names end at 253; shorten it, or domain",
    ),
    *(
        (
            {"function": {"routes": [{"host": "a.lab", "path": path}]}},
            "tenants[0].functions[0].routes[0].path",
            "has an empty, '.' or '..' part, or '%2F'; write the plain path",
        )
        for path in ("/a//b", "/a/../b", "/a/.", "/..", "/a%2fb")
    ),
    (
        {"tenant": {"quota": {"pods": "10"}}},
        "tenants[0].quota.pods",
        "10 is no room for the functions' 10 pods and one more for an update",
    ),
    (
        {"tenant": {"name": "shop"}},
        "tenants[0].name",
        "'shop' stands twice; keep one entry",
    ),
    (
        {"tenant": {"functions": [FUNCTION, FUNCTION]}},
        "tenants[0].functions[1].name",
        "'resize' is platform.serverless.tenants[0].functions[0] already",
    ),
    (
        {"function": {"handler": "spin"}},
        "tenants[0].functions[0].namespace",
        "enforces 'restricted' pod security, and the spin shim runs as root",
    ),
]


@pytest.mark.parametrize(("changes", "field", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_mend(
    changes: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(platform=serverless(**changes))
    assert f"{PLACE}.{field}" in error.fields
    assert sentence in str(error)


def test_functions_need_a_cluster() -> None:
    sections: dict[str, Any] = {"namespaces": [], "apps": [], "hybridApps": []}
    error = refusal(platform=serverless(), cluster=None, **sections)
    assert error.fields == [PLACE]
