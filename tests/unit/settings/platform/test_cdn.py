"""Functions before an origin: what they are by default, and which caches are refused."""

from __future__ import annotations

from typing import Any

import pytest

from components.manifests.cdn import cache_config, cache_container, cache_volumes
from shimyard.settings.platform import CdnFunctionSettings
from tests.unit.settings.workloads.apps import accepted, refusal

PLACE = "platform.cdnFunctions[0]"
FUNCTION: dict[str, Any] = {"handler": "wasmtime", "image": "registry.lab/front:1"}


def cdns(
    rule: dict[str, Any] | None = None,
    cache: dict[str, Any] | None = None,
    function: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A section with one function of one rule, some fields of them changed."""
    made = {
        "name": "front",
        "namespace": "shop",
        "origin": "http://origin.example.com",
        "function": {**FUNCTION, **(function or {})},
        "cache": {
            "image": "registry.lab/nginx:1",
            "rules": [{"path": "/", **(rule or {})}],
            **(cache or {}),
        },
        **changes,
    }
    return {"cdnFunctions": [made]}


def made(**changes: Any) -> CdnFunctionSettings:
    (found,) = accepted(platform=cdns(**changes)).platform.cdn_functions
    return found


def test_the_function_is_in_the_same_place_and_has_a_name_of_its_own() -> None:
    function = made().function
    assert (function.namespace, function.name) == ("shop", "front-function")
    assert made(function={"name": "rewrite"}).function.name == "rewrite"


def test_credentials_keep_requests_out_of_the_cache_by_default() -> None:
    config = cache_config(made(), 8080)
    assert 'map "${http_authorization}" $cdn_bypass_1' in config
    assert "proxy_no_cache $cdn_bypass_1;" in config


def test_a_path_without_a_rule_passes_and_is_not_kept() -> None:
    config = cache_config(made(rule={"path": "/images/"}), 80)
    _, passing = config.split("location / {")
    assert passing.split("}")[0].split() == ["proxy_pass", "http://cdn_function;"]
    assert 'server "front-function:80";' in config


def test_a_longer_key_can_not_be_mistaken_for_another() -> None:
    key = {"query": ["page"], "headers": ["Accept-Language"]}
    config = cache_config(made(rule={"key": key}), 80)
    assert r'"${cdn_proto}\n${host}\n${cdn_path}\n${arg_page}\n${http_accept_language}"' in config


def test_the_function_gets_what_of_the_query_tells_answers_apart() -> None:
    config = cache_config(made(rule={"key": {"query": ["page", "q"]}}), 80)
    assert "proxy_pass http://cdn_function$cdn_path$cdn_query_1;" in config
    assert 'map "$cdn_argument_1_1$cdn_argument_1_2" $cdn_query_1 {' in config
    assert 'default "&page=$arg_page";' in config
    without = cache_config(made(rule={"key": {"query": "none"}}), 80)
    assert 'map "" $cdn_query_1 {' in without
    assert "cdn_query" not in cache_config(made(), 80)


def test_the_folder_has_room_for_all_that_is_kept_and_nothing_else_can_be_written() -> None:
    cdn = made(cache={"size": "1Gi"})
    assert "max_size=1073741824 " in cache_config(cdn, 80)
    assert cache_volumes(cdn, "config")[1]["emptyDir"] == {"sizeLimit": "1344Mi"}
    container = cache_container(cdn)
    assert container["securityContext"]["readOnlyRootFilesystem"]
    writable = [each["name"] for each in container["volumeMounts"] if not each.get("readOnly")]
    assert writable == ["kept"]


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        (
            {"rule": {"path": "/a%20b"}},
            "cache.rules[0].path",
            "has '%', which the cache can't compare; write a shorter path",
        ),
        (
            {"rule": {"path": "/$host"}},
            "cache.rules[0].path",
            "has '$', which the cache can't compare; write a shorter path",
        ),
        (
            {"rule": {"lifetimes": [], "respectOrigin": False}},
            "cache.rules[0].lifetimes",
            "is empty and respectOrigin is false, so nothing would ever be kept; give one a "
            "value, or remove the rule",
        ),
        (
            {
                "rule": {
                    "lifetimes": [
                        {"statuses": [200], "seconds": 1},
                        {"statuses": [301, 200], "seconds": 2},
                    ]
                }
            },
            "cache.rules[0].lifetimes[1].statuses",
            "200 stands twice; keep one",
        ),
        (
            {"rule": {"key": {"headers": ["Accept", "accept"]}}},
            "cache.rules[0].key.headers[1]",
            "'accept' stands twice; keep one",
        ),
        (
            {"rule": {"bypass": {"headers": ["X-A;\n"]}}},
            "cache.rules[0].bypass.headers[0]",
            "is not a header's name; write letters, digits and '-', like 'Accept'",
        ),
        (
            {"rule": {"bypass": {"cookies": ["a-b"]}}},
            "cache.rules[0].bypass.cookies[0]",
            "is not a name that the cache can tell apart; use letters, digits and '_', or put all "
            "of the query into the key (query: all)",
        ),
        (
            {"cache": {"rules": [{"path": "/a"}, {"path": "/a"}]}},
            "cache.rules[1].path",
            "'/a' stands twice; keep one",
        ),
        (
            {"cache": {"size": "0"}},
            "cache.size",
            "0 is no room for any; write a larger one",
        ),
        (
            {"function": {"namespace": "web"}},
            "function.namespace",
            "is that of the whole; remove it",
        ),
        (
            {"function": {"env": [{"name": "UPSTREAM_URL", "value": "http://a"}]}},
            "function.env[0].name",
            "'UPSTREAM_URL' is the origin's URL; remove it, or set originEnv",
        ),
        (
            {"function": {"service": {"type": "Headless"}}},
            "function.service.type",
            "is Headless, and the cache asks the Service's address; remove it, or use ClusterIP",
        ),
        (
            {"function": {"handler": "wasmer"}},
            "function.handler",
            "there is no handler 'wasmer'; the runtime's shims have: wasmtime, spin",
        ),
        (
            {"routes": [{}], "service": {"type": "None"}},
            "routes",
            "need a Service to lead to; set another service.type",
        ),
        (
            {"routes": [{}], "tlsSecret": "tls"},
            "routes[0].host",
            "is missing, and tlsSecret has a certificate for hosts; name one",
        ),
        (
            {"origin": "origin.example.com"},
            "origin",
            "is not an http(s) URL; write 'https://host[:port]/path' without spaces, quotes, "
            "user or password",
        ),
    ],
)
def test_what_can_not_work_is_refused(changes: dict[str, Any], field: str, reason: str) -> None:
    assert f"{PLACE}.{field}: {reason}" in str(refusal(platform=cdns(**changes)))


CLOSED = {"name": "shop", "networkPolicy": {"denyEgress": True}}


def test_an_origin_that_its_namespace_lets_nobody_reach_is_refused() -> None:
    text = str(refusal(platform=cdns(), namespaces=[CLOSED]))
    assert (
        f"{PLACE}.origin: the network policy of 'shop' lets its pods connect to nothing outside, "
        "as origin.example.com is; set its denyEgress to false"
    ) in text
    refusal(platform=cdns(origin="http://origin.web.svc"), namespaces=[CLOSED])


@pytest.mark.parametrize("host", ["origin", "origin.shop", "origin.shop.svc.cluster.local:8080"])
def test_an_origin_in_the_same_closed_namespace_is_accepted(host: str) -> None:
    accepted(platform=cdns(origin=f"http://{host}"), namespaces=[CLOSED])


def test_a_profile_lets_the_function_reach_its_origin() -> None:
    profile = {"name": "front", "hosts": [{"cidr": "192.0.2.0/24"}]}
    policy = {"denyEgress": True, "allowSameNamespace": False, "allowDns": False}
    accepted(
        platform=cdns(origin="http://192.0.2.7", function={"profile": "front"}),
        namespaces=[{**CLOSED, "networkPolicy": policy}],
        security={"profiles": [profile]},
    )
