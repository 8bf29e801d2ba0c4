"""What two parts of a stack would both make, or be reached by, is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.security.signed import BY_KEY
from tests.unit.settings.security.signed import CHART as CONTROLLER_CHART
from tests.unit.settings.workloads.apps import accepted, refusal

CHART: dict[str, Any] = {"version": "v1.21.2", "digest": f"sha256:{'cd' * 32}"}
SPIN_KUBE: dict[str, Any] = {"chart": {"version": "0.6.1", "digest": f"sha256:{'ab' * 32}"}}
SOLVERS: list[dict[str, Any]] = [{"http01": {}}]
ACME: dict[str, Any] = {"server": "https://acme.lab/dir", "solvers": SOLVERS}
TILL: dict[str, Any] = {
    "name": "till",
    "namespace": "shop",
    "issuer": "own",
    "dnsNames": ["till.lab"],
}


def manager(**changes: Any) -> dict[str, Any]:
    return {"chart": CHART, "issuers": [{"name": "own", "acme": ACME}], **changes}


def cdn(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": "shop",
        "origin": "http://origin.lab",
        "function": {"handler": "wasmtime", "image": "registry.lab/front:1"},
        "cache": {"image": "registry.lab/nginx:1", "rules": [{"path": "/"}]},
        **changes,
    }


def issuer(name: str, **acme: Any) -> dict[str, Any]:
    return {"name": name, "acme": {**ACME, **acme}}


TOKEN = {"secrets": {"zone": {"token": "hush"}}}
FRONT = cdn("front", routes=[{"host": "www.lab"}], tlsIssuer="own")
TENANT: dict[str, Any] = {
    "name": "acme",
    "functions": [
        {
            "name": "front",
            "handler": "wasmtime",
            "image": "registry.lab/front:1",
            "routes": [{"host": "www.lab"}],
        }
    ],
}

CASES: list[tuple[dict[str, Any], str, str]] = [
    (
        {"certManager": manager(namespace="x"), "spinKube": {**SPIN_KUBE, "namespace": "x"}},
        "spinKube.namespace",
        "'x' is that of cert-manager, and goes with it; choose another",
    ),
    (
        {"certManager": manager(namespace="kube-system")},
        "certManager.namespace",
        "'kube-system' is in every cluster already; choose one of its own",
    ),
    (
        {"certManager": manager(issuers=[issuer("a", **TOKEN), issuer("b", **TOKEN)])},
        "certManager.issuers[1].acme.secrets.zone",
        "would be in Secret 'zone' of namespace 'cert-manager', where that of "
        "platform.certManager.issuers[0].acme.secrets.zone is already",
    ),
    (
        {
            "certManager": manager(
                issuers=[
                    issuer(
                        "a",
                        secrets={"a-external-account": {"x": "hush"}},
                        externalAccount={"keyId": "7", "key": "aGk="},
                    )
                ]
            )
        },
        "certManager.issuers[0].acme.externalAccount",
        "would be in Secret 'a-external-account'",
    ),
    (
        {
            "certManager": manager(
                certificates=[{**TILL, "namespace": "cert-manager", "secretName": "own-account"}]
            )
        },
        "certManager.certificates[0].secretName",
        "would be in Secret 'own-account' of namespace 'cert-manager', where that of "
        "platform.certManager.issuers[0].acme is already",
    ),
    (
        {
            "certManager": manager(certificates=[{**TILL, "secretName": "front-tls"}]),
            "cdnFunctions": [FRONT],
        },
        "cdnFunctions[0].name",
        "would be in Secret 'front-tls' of namespace 'shop'",
    ),
    (
        {"cdnFunctions": [cdn("deny-by-default")]},
        "cdnFunctions[0].name",
        "'deny-by-default' is a NetworkPolicy of namespaces; choose another",
    ),
    (
        {"cdnFunctions": [cdn("profile-images")]},
        "cdnFunctions[0].name",
        "'profile-images' is a NetworkPolicy of namespaces; choose another",
    ),
    (
        {
            "cdnFunctions": [cdn("front", routes=[{"host": "www.lab"}])],
            "serverless": {"tenants": [TENANT]},
        },
        "cdnFunctions[0].routes[0]",
        "www.lab/ leads to platform.serverless.tenants[0].functions[0] already",
    ),
]


@pytest.mark.parametrize(("platform", "field", "told"), CASES)
def test_what_is_claimed_twice_is_refused(platform: dict[str, Any], field: str, told: str) -> None:
    security = {"profiles": [{"name": "images"}]}
    text = str(refusal(platform=platform, security=security))
    assert f"platform.{field}: " in text
    assert told in text


def test_the_signature_controllers_namespace_is_nobody_elses() -> None:
    signed = {
        "chart": CONTROLLER_CHART,
        "policies": [{"name": "all", "images": ["registry.lab/**"], "authorities": [BY_KEY]}],
        "exempt": [{"namespace": "shop", "reason": "tags"}],
    }
    platform = {"certManager": manager(namespace="cosign-system")}
    text = str(refusal(platform=platform, security={"signedImages": signed}))
    assert "'cosign-system' is that of the signature controller, and goes with it" in text


def test_what_stands_apart_is_accepted() -> None:
    """An account that two issuers name, and one host at two ingress controllers."""
    account = {"accountSecret": "account"}
    accepted(
        platform={
            "certManager": manager(
                issuers=[issuer("own", **account), issuer("b", **account)],
                certificates=[TILL],
            ),
            "cdnFunctions": [FRONT],
            "serverless": {"ingressClass": "inner", "tenants": [TENANT]},
        }
    )


@pytest.mark.parametrize("name", ["kube-system", "kube-public", "kube-node-lease", "default"])
def test_a_namespace_of_every_cluster_is_not_made(name: str) -> None:
    text = str(refusal(namespaces=[{"name": "shop"}, {"name": name}]))
    assert f"every cluster has the namespace '{name}'; set existing: true" in text
