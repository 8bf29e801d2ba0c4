"""What cert-manager is told: its chart's values, issuers and certificates (cert-manager.io/v1)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from components.manifests.merge import merged
from components.manifests.metadata import without_empty
from shimyard.settings.platform import CertificateSettings, CertManagerSettings, IssuerSettings
from shimyard.settings.platform.issuers import AcmeIssuerSettings, SolverSettings

API_VERSION: Final = "cert-manager.io/v1"
EXTERNAL_ACCOUNT_KEY: Final = "key"


def chart_values(manager: CertManagerSettings) -> dict[str, Any]:
    """Values of cert-manager's chart.

    Its CRDs come with it. Its check of the API is a hook: the release is not done before the
    webhook answers with a certificate that the API server takes. The chart does so after an
    install; here it is done after an upgrade too, as a second try after a failed install is one.
    The Secret of a certificate goes with it.
    """
    hook = {"helm.sh/hook": "post-install,post-upgrade"}
    ours = {
        "crds": {"enabled": True, "keep": manager.keep_crds},
        "startupapicheck": {
            "enabled": True,
            "jobAnnotations": hook,
            "rbac": {"annotations": hook},
            "serviceAccount": {"annotations": hook},
        },
        "enableCertificateOwnerRef": True,
    }
    return merged(ours, manager.values)


def issuer_secrets(issuer: IssuerSettings) -> dict[str, Mapping[str, str]]:
    """The Secrets that an issuer refers to: name -> key -> value, in plain text."""
    if issuer.acme is None:
        return {}
    secrets: dict[str, Mapping[str, str]] = {
        name: {key: value.get_secret_value() for key, value in data.items()}
        for name, data in issuer.acme.secrets.items()
    }
    if issuer.acme.external_account is not None:
        key = issuer.acme.external_account.key.get_secret_value()
        # cert-manager reads it without its padding only, with which some CAs hand it out.
        secrets[issuer.external_account_secret] = {EXTERNAL_ACCOUNT_KEY: key.rstrip("=")}
    return secrets


def issuer_spec(issuer: IssuerSettings) -> dict[str, Any]:
    """The spec of an Issuer or ClusterIssuer."""
    if issuer.self_signed is not None:
        points = issuer.self_signed.crl_distribution_points
        return {"selfSigned": without_empty({"crlDistributionPoints": list(points)})}
    if issuer.ca is not None:
        return {
            "ca": without_empty(
                {
                    "secretName": issuer.ca.secret_name,
                    "crlDistributionPoints": list(issuer.ca.crl_distribution_points),
                }
            )
        }
    if issuer.acme is None:
        raise ValueError(f"issuer {issuer.title} is of no kind")
    return {"acme": _acme(issuer, issuer.acme)}


def certificate_spec(certificate: CertificateSettings, issuer: IssuerSettings) -> dict[str, Any]:
    """The spec of a Certificate that ``issuer`` signs."""
    key = certificate.private_key
    return without_empty(
        {
            "secretName": certificate.secret,
            "issuerRef": {"group": "cert-manager.io", "kind": issuer.kind, "name": issuer.name},
            "commonName": certificate.common_name,
            "dnsNames": list(certificate.dns_names),
            "ipAddresses": list(certificate.ip_addresses),
            "isCA": certificate.is_ca or None,
            "duration": certificate.duration,
            "renewBefore": certificate.renew_before,
            "privateKey": without_empty(
                {
                    "algorithm": key.algorithm,
                    "size": key.size,
                    "encoding": key.encoding,
                    "rotationPolicy": key.rotation_policy,
                }
            ),
            "usages": list(certificate.usages),
        }
    )


def _acme(issuer: IssuerSettings, acme: AcmeIssuerSettings) -> dict[str, Any]:
    bundle = acme.ca_bundle
    account = acme.external_account
    return without_empty(
        {
            "server": acme.server,
            "email": acme.email,
            "privateKeySecretRef": {"name": issuer.account_secret},
            "caBundle": None if bundle is None else base64.b64encode(bundle.encode()).decode(),
            "preferredChain": acme.preferred_chain,
            "externalAccountBinding": None
            if account is None
            else {
                "keyID": account.key_id,
                "keySecretRef": {
                    "name": issuer.external_account_secret,
                    "key": EXTERNAL_ACCOUNT_KEY,
                },
            },
            "solvers": [_solver(each) for each in acme.solvers],
        }
    )


def _solver(solver: SolverSettings) -> dict[str, Any]:
    chosen = without_empty({"dnsNames": list(solver.dns_names), "dnsZones": list(solver.dns_zones)})
    way: dict[str, Any] = {"dns01": solver.dns01}
    if solver.http01 is not None:
        # ClusterIP: a controller reaches the pod by it, where NodePort would open the nodes.
        ingress = {
            "ingressClassName": solver.http01.ingress_class,
            "serviceType": solver.http01.service_type,
        }
        way = {"http01": {"ingress": without_empty(ingress)}}
    return without_empty({**way, "selector": chosen})
