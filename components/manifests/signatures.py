"""Signed images only, as sigstore's policy-controller and the API server are told of it.

Source: docs.sigstore.dev/policy-controller/overview; objects as policy-controller v0.15.1 has them.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from components.manifests.merge import merged
from components.manifests.metadata import without_empty
from shimyard.settings.security import (
    AuthoritySettings,
    SignaturePolicySettings,
    SignedImagesSettings,
    TrustRootSettings,
)
from shimyard.settings.security.signers import KeylessSettings, KeySettings, LogSettings

POLICY_VERSION: Final = "policy.sigstore.dev/v1beta1"
TRUST_ROOT_VERSION: Final = "policy.sigstore.dev/v1alpha1"
WEBHOOK: Final = "policy.sigstore.dev"
"""Name of both of the controller's webhook configurations, and of the webhook in each."""
HELD: Final = {"policy.sigstore.dev/include": "true"}
"""Labels of a namespace that takes signed images only."""
REGISTRY_CA: Final = "shimyard-registry-ca"
"""Name of the ConfigMap with certificates of registries, in the controller's namespace."""
CA_FILE: Final = "ca.pem"
"""Its key."""


def controller_values(signed: SignedImagesSettings) -> dict[str, Any]:
    """Values of the controller's chart."""
    public = any(authority.needs_public_sigstore for _, authority in signed.authorities())
    bundle = {"name": REGISTRY_CA, "key": CA_FILE}
    values = {
        "webhook": {
            "replicaCount": signed.replicas,
            # A controller that is down must not be a way past it.
            "failurePolicy": "Fail",
            "configData": {"no-match-policy": signed.unmatched},
            # It fetches the public Sigstore's keys at its start, and ends where it can't.
            **({} if public else {"extraArgs": {"disable-tuf": "true"}}),
            **({} if signed.registry_ca is None else {"registryCaBundle": bundle}),
        }
    }
    return merged(values, signed.values)


def webhooks() -> list[dict[str, Any]]:
    """What is added to each of the controller's webhooks.

    An object that is being deleted is changed once more when its finalizers go. Nobody has to
    answer for it then: a cluster can be taken down when the controller is gone already.
    """
    condition = {"name": "stays", "expression": "!has(object.metadata.deletionTimestamp)"}
    return [{"name": WEBHOOK, "matchConditions": [condition]}]


def policy_spec(
    policy: SignaturePolicySettings, trust_roots: dict[str, TrustRootSettings]
) -> dict[str, Any]:
    """The spec of a ClusterImagePolicy."""
    return {
        "images": [{"glob": pattern} for pattern in policy.images],
        "authorities": [_authority(each, trust_roots) for each in policy.authorities],
        "mode": policy.mode,
    }


def trust_root_spec(root: TrustRootSettings) -> dict[str, Any]:
    """The spec of a TrustRoot."""
    authority = {
        "subject": {"organization": root.organization, "commonName": root.common_name},
        "uri": root.fulcio,
        "certChain": _base64(root.certificates),
    }
    keys = {
        "certificateAuthorities": [authority],
        "tLogs": _logs(root.rekor),
        "ctLogs": _logs(root.certificate_log),
    }
    return {"sigstoreKeys": without_empty(keys)}


def image_volumes_spec() -> dict[str, Any]:
    """The spec of a ValidatingAdmissionPolicy that closes the other way for images into a pod."""
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": HELD},
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    # A pod's volumes stay as they are.
                    "operations": ["CREATE"],
                    "resources": ["pods"],
                }
            ],
        },
        "validations": [
            {
                "expression": "object.spec.?volumes.orValue([]).all(v, !has(v.image))",
                "message": "signed images only: an image that is mounted as a volume is verified "
                "by nobody; use another volume, or another namespace",
                "reason": "Forbidden",
            }
        ],
    }


def _authority(
    authority: AuthoritySettings, trust_roots: dict[str, TrustRootSettings]
) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": authority.name, "signatureFormat": authority.format}
    root = None
    if authority.key is not None:
        fields["key"] = _key(authority.key)
    if authority.keyless is not None:
        root = trust_roots.get(authority.keyless.trust_root or "")
        fields["keyless"] = _keyless(authority.keyless, root)
    log = {
        "url": authority.rekor,
        "trustRootRef": root.name if root is not None and root.rekor is not None else None,
    }
    fields["ctlog"] = without_empty(log)
    if authority.signatures is not None:
        secrets = [{"name": name} for name in authority.signatures.pull_secrets]
        source = {"oci": authority.signatures.repository, "signaturePullSecrets": secrets}
        fields["source"] = [without_empty(source)]
    return without_empty(fields)


def _key(key: KeySettings) -> dict[str, Any]:
    secret = None if key.secret is None else {"name": key.secret}
    return without_empty({"data": key.public, "secretRef": secret, "kms": key.kms})


def _keyless(keyless: KeylessSettings, root: TrustRootSettings | None) -> dict[str, Any]:
    identity = keyless.model_dump(
        by_alias=True,
        exclude_none=True,
        include={"issuer", "issuer_reg_exp", "subject", "subject_reg_exp"},
    )
    fields: dict[str, Any] = {"url": keyless.fulcio, "identities": [identity]}
    if root is not None:
        fields["trustRootRef"] = root.name
        if root.certificate_log is None:
            fields["insecureIgnoreSCT"] = True
    return fields


def _logs(log: LogSettings | None) -> list[dict[str, Any]]:
    if log is None:
        return []
    key = _base64(log.public_key)
    return [{"baseURL": log.url, "hashAlgorithm": "sha-256", "publicKey": key}]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
