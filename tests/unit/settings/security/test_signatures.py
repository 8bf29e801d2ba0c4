"""Signed images: what is held by default, and how mistakes are told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.security.signed import (
    BY_KEY,
    BY_WORKFLOW,
    EVERYWHERE,
    PRIVATE,
    PUBLIC_KEY,
    by,
    signed,
)
from tests.unit.settings.workloads.apps import CLUSTER, accepted, refusal

POLICY = "security.signedImages.policies[0]"
AUTHORITY = f"{POLICY}.authorities[0]"
KEYLESS = BY_WORKFLOW["keyless"]
SECRET = "bm90IGZvciBhbnlib2R5J3MgZXllcw=="
PRIVATE_KEY = (
    f"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n{SECRET}\n"
    "-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"
)
DIGEST = "@sha256:" + "ab" * 32
# Images that are named as signed ones must be.
GREETER = {"image": f"registry.lab/greeter:1{DIGEST}"}
PINNED: dict[str, Any] = {
    "app": GREETER,
    "hybrid": {
        "proxy": {"artifact": f"registry.lab/proxy{DIGEST}"},
        "app": {
            "image": f"registry.lab/camera{DIGEST}",
            "ports": [{"name": "api", "containerPort": 9000}],
        },
    },
}
HOST = {
    "name": "plugins",
    "namespace": "shop",
    "image": "registry.lab/plugin-host:1",
    "plugins": [{"name": "acme", "image": "registry.lab/rules:1"}],
}


def key(public: str) -> dict[str, Any]:
    return by({**BY_KEY, "key": {"public": public}})


def keyless(**fields: Any) -> dict[str, Any]:
    given = {name: value for name, value in {**KEYLESS, **fields}.items() if value is not None}
    return by({**BY_WORKFLOW, "keyless": given})


def images(*patterns: str) -> dict[str, Any]:
    return signed(policies=[{**EVERYWHERE, "images": [*patterns]}])


def exempt(name: str) -> dict[str, Any]:
    return signed(exempt=[{"namespace": name, "reason": "a trial"}])


def test_every_namespace_of_the_stack_is_held_and_unknown_images_are_denied() -> None:
    security = accepted(**PINNED, security=signed()).security
    assert security.signs("shop")
    assert security.signed_images is not None
    assert security.signed_images.unmatched == "deny"
    assert security.signed_images.policies[0].mode == "enforce"


def test_without_signed_images_nothing_is_held() -> None:
    assert not accepted().security.signs("shop")


def test_an_exempt_namespace_takes_any_image() -> None:
    apps = {"image": "elsewhere.example.com/greeter:1"}
    settings = accepted(security=exempt("shop"), app=apps)
    assert not settings.security.signs("shop")


def test_an_image_of_no_policy_is_accepted_where_that_is_only_told() -> None:
    section = images("registry.else/**")
    section["signedImages"]["unmatched"] = "warn"
    accepted(**PINNED, security=section)


@pytest.mark.parametrize(
    ("section", "needed"),
    [
        (by(BY_KEY), False),
        (by({**BY_KEY, "rekor": "https://rekor.example.com"}), True),
        (by(BY_WORKFLOW), True),
        (by(BY_KEY, BY_WORKFLOW), True),
        (
            by({**BY_WORKFLOW, "keyless": {**KEYLESS, "trustRoot": "ours"}}, trustRoots=[PRIVATE]),
            False,
        ),
    ],
)
def test_what_needs_the_public_sigstore_is_known(section: dict[str, Any], needed: bool) -> None:
    found = accepted(**PINNED, security=section).security.signed_images
    assert found is not None
    assert any(each.needs_public_sigstore for _, each in found.authorities()) is needed


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    (
        {"security": by({"name": "release"})},
        AUTHORITY,
        "set exactly one of key and keyless: with neither, nothing would be verified",
    ),
    (
        {"security": by({**BY_KEY, "keyless": KEYLESS})},
        AUTHORITY,
        "set exactly one of key and keyless",
    ),
    (
        {"security": by({"name": "release", "key": {}})},
        f"{AUTHORITY}.key",
        "set exactly one of public, secret and kms",
    ),
    (
        {"security": key(PRIVATE_KEY)},
        f"{AUTHORITY}.key.public",
        "is a private key, with which whoever reads this file can sign; write a public key "
        "instead, and make a new pair",
    ),
    (
        {"security": key("cosign.pub")},
        f"{AUTHORITY}.key.public",
        "is not PEM of a public key; write the whole file's text",
    ),
    (
        {"security": key(PRIVATE["certificates"])},
        f"{AUTHORITY}.key.public",
        "is PEM, but not of a public key",
    ),
    (
        {"security": key(PUBLIC_KEY.replace("MFkw", "xFkw"))},
        f"{AUTHORITY}.key.public",
        "is PEM of a broken public key",
    ),
    (
        {"security": key(PUBLIC_KEY * 2)},
        f"{AUTHORITY}.key.public",
        "has several keys; write one authority for each",
    ),
    (
        {"security": by({"name": "release", "key": {"kms": "vault://release"}})},
        f"{AUTHORITY}.key.kms",
        "is no key of a KMS; write it like 'gcpkms://...'",
    ),
    (
        {"security": by({**BY_KEY, "format": "bundle"})},
        f"{AUTHORITY}.format",
        "bundle is verified for keyless only; remove it, and sign with `cosign sign "
        "--new-bundle-format=false --key ...`",
    ),
    (
        {"security": keyless(issuer=None)},
        f"{AUTHORITY}.keyless.issuer",
        "set exactly one of issuer and issuerRegExp: without both an issuer and a subject, "
        "anybody's signature would do",
    ),
    (
        {"security": keyless(subject="dev@example.com")},
        f"{AUTHORITY}.keyless.subject",
        "set exactly one of subject and subjectRegExp",
    ),
    *(
        (
            {"security": keyless(subject=None, subjectRegExp=expression)},
            f"{AUTHORITY}.keyless.subjectRegExp",
            told,
        )
        for expression, told in (
            ("^alice@example[.]com|bob@example[.]com$", "has a '|' outside of parentheses"),
            ("^(a|b)@x[.]y$|^[|]$", "has a '|' outside of parentheses"),
            ("^[^ ]+@[^ ]+$", "matches everybody"),
            ("^https://.*$", "matches everybody"),
            ("^a++$", "or repeats in a way that Go's expressions can't"),
            ("^a{2000}$", "or repeats in a way that Go's expressions can't"),
        )
    ),
    (
        {"security": keyless(issuer=None, issuerRegExp="^https://.+$")},
        f"{AUTHORITY}.keyless.issuerRegExp",
        "matches everybody",
    ),
    (
        {"security": keyless(fulcio="https://fulcio.corp.example")},
        f"{AUTHORITY}.keyless.fulcio",
        "set trustRoot, or the public Sigstore would be trusted",
    ),
    (
        {"security": keyless(subjectRegExp="https://github.com/acme/.*")},
        f"{AUTHORITY}.keyless.subjectRegExp",
        "would match anywhere within a longer identity; begin it with '^' and end it with '$'",
    ),
    (
        {"security": keyless(subjectRegExp="^.+$")},
        f"{AUTHORITY}.keyless.subjectRegExp",
        "matches everybody; name whom you trust",
    ),
    (
        {"security": keyless(subjectRegExp="^(?!evil).*$")},
        f"{AUTHORITY}.keyless.subjectRegExp",
        "looks ahead, behind or back, or repeats in a way that Go's expressions can't",
    ),
    (
        {"security": keyless(subjectRegExp="^(acme$")},
        f"{AUTHORITY}.keyless.subjectRegExp",
        "is no regular expression: missing ), unterminated subpattern",
    ),
    (
        {"security": keyless(trustRoot="ours")},
        f"{AUTHORITY}.keyless.trustRoot",
        "there is no 'ours'; trustRoots has: none",
    ),
    (
        {"security": signed(trustRoots=[{**PRIVATE, "certificates": PUBLIC_KEY}])},
        "security.signedImages.trustRoots[0].certificates",
        "is PEM, but not of a certificate",
    ),
    (
        {"security": images("registry lab")},
        f"{POLICY}.images[0]",
        "is no pattern of images; write it like 'registry.example.com/shop/**'",
    ),
    (
        {"security": images("*")},
        f"{POLICY}.images[0]",
        "means images of Docker Hub only; write '**' for all images",
    ),
    (
        {"security": images("registry.lab/greeter:1")},
        f"{POLICY}.images[0]",
        "has a tag, and images are judged by their digest; write 'registry.lab/greeter@*'",
    ),
    (
        {"security": images("registry.lab:5000/greeter")},
        f"{POLICY}.images[0]",
        "matches no image, since each has its digest by then; write 'registry.lab:5000/greeter@*'",
    ),
    (
        {"security": signed(values={"webhook": {"failurePolicy": "Ignore"}})},
        "security.signedImages.values.webhook.failurePolicy",
        "is Shimyard's to say; remove it",
    ),
    (
        {"security": signed(values={"webhook": None})},
        "security.signedImages.values.webhook",
        "is no table; write one, or remove it",
    ),
    (
        {"security": signed(policies=[])},
        "security.signedImages.policies",
        "is empty; add at least one entry",
    ),
    (
        {"security": signed(policies=[EVERYWHERE, EVERYWHERE])},
        "security.signedImages.policies[1].name",
        "'all' stands twice",
    ),
    (
        {"security": by(BY_KEY, BY_KEY)},
        f"{POLICY}.authorities[1].name",
        "'release' stands twice",
    ),
    (
        {"security": exempt("kube-system")},
        "security.signedImages.exempt[0].namespace",
        "there is no namespace 'kube-system' in the stack, and others are not held anyway",
    ),
    (
        {"security": signed(), "namespace": {"existing": True}},
        "namespaces[0].existing",
        "'shop' is not Shimyard's to label, so nothing would hold its pods to signed images",
    ),
    (
        {"security": signed(), "app": {**GREETER, "namespace": "default"}},
        "apps[0].namespace",
        "'default' is not Shimyard's to label, so nothing would hold the app to signed images; "
        "use a namespace of the stack",
    ),
    (
        {"security": signed(), "namespaces": [{"name": "shop"}, {"name": "cosign-system"}]},
        "namespaces[1].name",
        "'cosign-system' is the controller's own",
    ),
    (
        {"security": signed(), "platform": {"pluginHosts": [HOST]}},
        "platform.pluginHosts[0].namespace",
        "'shop' takes signed images only, and plugins are mounted from images, whose signatures "
        "no controller verifies",
    ),
    (
        {
            "security": signed(),
            "app": {
                **GREETER,
                "podOverride": {"initContainers": [{"name": "a", "image": "evil.lab/x:1"}]},
            },
        },
        "apps[0].podOverride.initContainers[0].image",
        "evil.lab/x:1 has no digest",
    ),
    (
        {
            "security": signed(),
            "app": {
                **GREETER,
                "podOverride": {"volumes": [{"name": "a", "image": {"reference": "b"}}]},
            },
        },
        "apps[0].podOverride.volumes[0].image",
        "is mounted as a volume, and no controller verifies the signatures of those",
    ),
    (
        {
            "security": signed(),
            "cluster": {
                **CLUSTER,
                "serverConfig": {
                    "kube-apiserver-arg": ["disable-admission-plugins=A,ValidatingAdmissionWebhook"]
                },
            },
        },
        "cluster.serverConfig.kube-apiserver-arg",
        "disables ValidatingAdmissionWebhook, which holds pods to security.signedImages",
    ),
    (
        {
            "security": signed(),
            "namespace": {"labels": {"policy.sigstore.dev/include": "false"}},
        },
        "namespaces[0].labels.policy.sigstore.dev/include",
        "is what security.signedImages sets; use its exempt",
    ),
    (
        {"security": images("registry.lab/greeter@*")},
        "hybridApps[0].proxy.artifact",
        f"no policy of security.signedImages is for registry.lab/proxy{DIGEST}, so its pods would "
        "be refused; add a pattern for it",
    ),
    (
        {"security": signed(), "app": {}},
        "apps[0].image",
        "registry.lab/greeter:1 has no digest, so the controller would add the one of the moment, "
        "and each `up` would take that away again; write it as registry.lab/greeter:1@sha256:...",
    ),
    (
        {"security": signed(), "cluster": {**CLUSTER, "version": "1.30.9+k3s1"}},
        "cluster.version",
        "can't refuse images that are mounted as volumes",
    ),
    (
        {
            "security": by(BY_WORKFLOW),
            "artifacts": {"airGap": True, "mirrors": ["https://mirror.example.com"]},
        },
        AUTHORITY,
        "is verified with keys of the public Sigstore, which the controller can't fetch behind "
        "artifacts.airGap",
    ),
]


@pytest.mark.parametrize(("stack", "field", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_mend(
    stack: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(**{**PINNED, **stack})
    assert field in error.fields
    assert sentence in str(error)


def test_a_private_key_is_never_told_again() -> None:
    assert SECRET not in str(refusal(security=key(PRIVATE_KEY)))


def test_signed_images_need_a_cluster() -> None:
    sections: dict[str, Any] = {"namespaces": [], "apps": [], "hybridApps": []}
    error = refusal(security=signed(), cluster=None, **sections)
    assert error.fields == ["security.signedImages"]
