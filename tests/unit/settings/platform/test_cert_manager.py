"""cert-manager's settings: defaults, order, and what is refused before a cluster sees it."""

from __future__ import annotations

from typing import Any

import pytest

from components.manifests.certificates import certificate_spec, chart_values, issuer_secrets
from shimyard.settings.platform import CertManagerSettings
from tests.unit.settings.workloads.apps import accepted, refusal

PLACE = "platform.certManager"
CHART: dict[str, Any] = {"version": "v1.21.2", "digest": f"sha256:{'cd' * 32}"}
OWN: dict[str, Any] = {"name": "own", "selfSigned": {}}
ACME: dict[str, Any] = {"server": "https://acme.lab/dir", "solvers": [{"http01": {}}]}
TILL: dict[str, Any] = {
    "name": "till",
    "namespace": "shop",
    "issuer": "own",
    "dnsNames": ["till.lab"],
}


def section(**changes: Any) -> dict[str, Any]:
    """A section with one issuer and one certificate, some fields of it changed."""
    manager = {"chart": CHART, "issuers": [OWN], "certificates": [TILL], **changes}
    return {"certManager": manager}


def made(**changes: Any) -> CertManagerSettings:
    found = accepted(platform=section(**changes)).platform.cert_manager
    assert found is not None
    return found


def acme(**changes: Any) -> dict[str, Any]:
    """A section whose certificate comes from an ACME CA with some fields changed."""
    return {"issuers": [{"name": "own", "acme": {**ACME, **changes}}]}


def test_the_chart_is_upstreams_and_brings_its_crds_and_its_check() -> None:
    manager = made()
    always = {"helm.sh/hook": "post-install,post-upgrade"}
    assert manager.chart.reference == "oci://quay.io/jetstack/charts/cert-manager"
    assert chart_values(manager) == {
        "crds": {"enabled": True, "keep": False},
        "startupapicheck": {
            "enabled": True,
            "jobAnnotations": always,
            "rbac": {"annotations": always},
            "serviceAccount": {"annotations": always},
        },
        "enableCertificateOwnerRef": True,
    }


def test_values_go_over_ours_and_leave_what_is_relied_on() -> None:
    manager = made(values={"startupapicheck": {"timeout": "5m"}, "enableCertificateOwnerRef": None})
    check = chart_values(manager)["startupapicheck"]
    assert (check["enabled"], check["timeout"]) == (True, "5m")
    assert "enableCertificateOwnerRef" not in chart_values(manager)


def test_a_certificate_says_whose_it_is_and_when_it_is_renewed() -> None:
    manager = made()
    (certificate,) = manager.certificates
    assert certificate_spec(certificate, manager.issuer_of(certificate)) == {
        "secretName": "till",
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "own"},
        "dnsNames": ["till.lab"],
        "duration": "2160h",
        "privateKey": {"algorithm": "ECDSA", "encoding": "PKCS1", "rotationPolicy": "Always"},
    }


def test_an_issuer_of_the_namespace_is_one_of_it_alone() -> None:
    manager = made(
        issuers=[
            {**OWN, "namespace": "default"},
            {**OWN, "namespace": "shop"},
        ]
    )
    found = manager.issuer_of(manager.certificates[0])
    assert (found.kind, found.namespace) == ("Issuer", "shop")


def test_the_key_of_a_ca_is_looked_for_where_cert_manager_does() -> None:
    root = {"name": "root", "issuer": "own", "commonName": "Root", "isCa": True}
    manager = made(
        issuers=[
            OWN,
            {"name": "site", "ca": {"secretName": "root"}},
            {"name": "hall", "namespace": "shop", "ca": {"secretName": "root"}},
        ],
        certificates=[
            {**root, "namespace": "cert-manager"},
            {**root, "namespace": "shop", "name": "hall", "secretName": "root"},
        ],
    )
    site, hall = manager.issuers[1:]
    assert [manager.authority_of(each) for each in (site, hall)] == list(manager.certificates)


def test_secrets_of_solvers_and_accounts_stand_beside_their_issuer() -> None:
    (issuer,) = made(
        **acme(secrets={"zone": {"token": "hush"}}, externalAccount={"keyId": "7", "key": "aGk="})
    ).issuers
    assert issuer_secrets(issuer) == {
        "zone": {"token": "hush"},
        "own-external-account": {"key": "aGk"},
    }
    assert "hush" not in repr(issuer)


CA = {"name": "site", "ca": {"secretName": "till"}}


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"chart": {}}, "chart.version", "is missing"),
        ({"chart": {**CHART, "digest": "sha256:1"}}, "chart.digest", "is no digest of a manifest"),
        ({"values": {"crds": {"enabled": False}}}, "values.crds", "keepCrds says whether they"),
        (
            {"values": {"startupapicheck": {"enabled": False}}},
            "values.startupapicheck.enabled",
            "issuers wait for this check",
        ),
        ({"namespace": "default"}, "namespace", "is in every cluster already"),
        ({"namespace": "shop"}, None, "is cert-manager's own"),
        ({"issuers": []}, "certificates[0].issuer", "namespace 'shop' has no issuer 'own'"),
        (
            {"issuers": [{**OWN, "namespace": "default"}]},
            "certificates[0].issuer",
            "the stack has: default/own",
        ),
        ({"issuers": [OWN, OWN]}, "issuers[1].name", "'own' is issuers[0] already"),
        (
            {"issuers": [OWN, {**OWN, "namespace": "shop"}]},
            "issuers[1].name",
            "names its issuer by the name alone",
        ),
        ({"issuers": [{"name": "own"}]}, "issuers[0]", "set one of selfSigned, ca and acme"),
        (
            {"issuers": [{**OWN, "acme": ACME}]},
            "issuers[0]",
            "set one of selfSigned, ca and acme",
        ),
        (
            {"issuers": [{**OWN, "namespace": "nowhere"}], "certificates": []},
            "issuers[0].namespace",
            "there is no namespace 'nowhere'",
        ),
        (
            {"certificates": [{**TILL, "namespace": "nowhere"}]},
            "certificates[0].namespace",
            "there is no namespace 'nowhere'",
        ),
        (
            {"certificates": [TILL, {**TILL, "name": "other", "secretName": "till"}]},
            "certificates[1].secretName",
            "'till' is that of certificates[0] in namespace 'shop' already",
        ),
        ({"certificates": [TILL, TILL]}, "certificates[1].name", "'till' is that of"),
        (
            {"certificates": [{**TILL, "dnsNames": []}]},
            "certificates[0].dnsNames",
            "is empty; name a host",
        ),
        (
            {"certificates": [{**TILL, "dnsNames": ["Till.lab"]}]},
            "certificates[0].dnsNames[0]",
            "is not a DNS name",
        ),
        (
            {"certificates": [{**TILL, "ipAddresses": ["10.0.0.300"]}]},
            "certificates[0].ipAddresses[0]",
            "is not an IP address",
        ),
        (
            {"certificates": [{**TILL, "duration": "30m"}]},
            "certificates[0].duration",
            "less than an hour",
        ),
        (
            {"certificates": [{**TILL, "duration": "90d"}]},
            "certificates[0].duration",
            "is no duration",
        ),
        (
            {"certificates": [{**TILL, "renewBefore": "2160h"}]},
            "certificates[0].renewBefore",
            "is not less than the duration of 2160h",
        ),
        (
            {"certificates": [{**TILL, "renewBefore": "1m"}]},
            "certificates[0].renewBefore",
            "is less than 5m",
        ),
        (
            {"certificates": [{**TILL, "privateKey": {"algorithm": "ECDSA", "size": 2048}}]},
            "certificates[0].privateKey.size",
            "ECDSA keys have 256, 384, 521 bits",
        ),
        (
            {"certificates": [{**TILL, "privateKey": {"algorithm": "Ed25519", "size": 256}}]},
            "certificates[0].privateKey.size",
            "Ed25519 has one size",
        ),
        (
            {
                "issuers": [OWN, {**CA, "namespace": "shop"}],
                "certificates": [TILL, {**TILL, "name": "b", "issuer": "site"}],
            },
            "certificates[0].isCa",
            "issuer 'shop/site' signs with this certificate's key",
        ),
        (
            {
                "issuers": [{**CA, "namespace": "shop"}],
                "certificates": [{**TILL, "issuer": "site", "isCa": True}],
            },
            "certificates[0].issuer",
            "signs with a key that comes from this certificate itself",
        ),
        (acme(server="http://acme.lab/dir"), "issuers[0].acme.server", "over https only"),
        (acme(email="ops"), "issuers[0].acme.email", "is no address"),
        (acme(caBundle="MAA="), "issuers[0].acme.caBundle", "has no PEM certificates"),
        (acme(solvers=[]), "issuers[0].acme.solvers", "is empty"),
        (acme(solvers=[{}]), "issuers[0].acme.solvers[0]", "set one of http01 and dns01"),
        (
            acme(solvers=[{"dns01": {}}]),
            "issuers[0].acme.solvers[0].dns01",
            "names no provider",
        ),
        (
            acme(externalAccount={"keyId": "7", "key": "not base64!"}),
            "issuers[0].acme.externalAccount.key",
            "is not base64url",
        ),
        (
            {**acme(), "certificates": [{**TILL, "isCa": True}]},
            "certificates[0].isCa",
            "an ACME CA signs no other CA",
        ),
        (
            {**acme(), "certificates": [{**TILL, "commonName": "Till"}]},
            "certificates[0].commonName",
            "is none of dnsNames and ipAddresses, and an ACME CA signs what was proven only",
        ),
        (
            {**acme(), "certificates": [{**TILL, "dnsNames": ["*.lab"]}]},
            "certificates[0].dnsNames[0]",
            "'*.lab' can be proven by dns01 only",
        ),
    ],
)
def test_what_could_never_work_is_refused(
    changes: dict[str, Any], field: str | None, told: str
) -> None:
    text = str(refusal(platform=section(**changes)))
    assert (f"{PLACE}.{field}: " if field else "namespaces[0].name: ") in text
    assert told in text


@pytest.mark.parametrize("issuer", ["nobody", "hall"])
def test_functions_name_an_issuer_that_signs_for_all_of_the_cluster(issuer: str) -> None:
    issuers = [OWN, {"name": "hall", "namespace": "shop", "selfSigned": {}}]
    text = str(refusal(platform={**section(issuers=issuers), "serverless": {"tlsIssuer": issuer}}))
    assert f"platform.serverless.tlsIssuer: there is no issuer '{issuer}' of the cluster" in text
    assert "platform.certManager has: own" in text


def test_routes_to_any_host_of_a_domain_need_an_issuer_that_can_prove_it() -> None:
    tenant = {
        "name": "acme",
        "functions": [
            {
                "name": "a",
                "handler": "wasmtime",
                "image": "registry.lab/a:1",
                "routes": [{"host": "*.shop.lab"}],
            }
        ],
    }
    serverless = {"tlsIssuer": "own", "tenants": [tenant]}
    text = str(refusal(platform={**section(**acme()), "serverless": serverless}))
    assert "platform.serverless.tlsIssuer: '*.shop.lab' can be proven by dns01 only" in text
    proven = acme(solvers=[{"dns01": {"cloudflare": {"email": "ops@shop.lab"}}}])
    accepted(platform={**section(**proven), "serverless": serverless})


def test_certificates_need_a_cluster() -> None:
    text = str(
        refusal(
            platform={"certManager": {"chart": CHART}},
            cluster=None,
            namespaces=[],
            apps=[],
            hybridApps=[],
        )
    )
    assert f"{PLACE}: need a cluster to run in" in text
