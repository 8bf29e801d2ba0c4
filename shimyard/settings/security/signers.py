"""Who must have signed an image: the owner of a key, or somebody whom an issuer vouches for.

Source: docs.sigstore.dev/policy-controller/overview, and the checks of policy-controller v0.15.1.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shimyard.settings.base import FieldError, Line, Model, matching
from shimyard.settings.kubernetes import ObjectName
from shimyard.settings.registries import HttpUrl
from shimyard.settings.runtime import Image
from shimyard.settings.security.pem import Certificates, PublicKey

_PUBLIC_FULCIO = "https://fulcio.sigstore.dev"
_KMS = r"(awskms|azurekms|gcpkms|hashivault)://\S{1,512}"
# Go's expressions have none of these, and would refuse the whole policy.
_NOT_OF_GO = re.compile(r"\(\?(=|!|<=|<!|>|\()|\\[1-9ZuUN]|(?<!\\)[*+?}]\+|\{\d{4,}|\{\d*,\d{4,}")
_PIECES = re.compile(r"\\.|\[\]?(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
# Whoever matches all of one kind trusts anybody.
_ISSUERS = (("https://issuer.example.com", "https://accounts.example.org/a", "https://a.example"),)
_SUBJECTS = (
    ("nobody@example.com", "somebody.else@mail.example.org"),
    (
        "https://github.com/nobody/any/.github/workflows/any.yml@refs/heads/main",
        "https://git.example.com/somebody/else//.gitlab-ci.yml@refs/tags/1",
    ),
)


def _expression(value: str) -> str:
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error.msg}; mend it") from None
    if _NOT_OF_GO.search(value):
        raise ValueError(
            "looks ahead, behind or back, or repeats in a way that Go's expressions can't; rewrite "
            "it"
        )
    if not (value.startswith("^") and value.endswith("$")) or value.endswith("\\$"):
        raise ValueError(
            "would match anywhere within a longer identity; begin it with '^' and end it with '$'"
        )
    if _has_sides(value):
        raise ValueError(
            "has a '|' outside of parentheses, so that '^' and '$' hold for one side each; write "
            "^(a|b)$"
        )
    return value


def _has_sides(expression: str) -> bool:
    """Whether it is a choice as a whole."""
    depth = 0
    for piece in _PIECES.findall(expression):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "|" and depth == 0:
            return True
    return False


def _for_somebody(*kinds: Sequence[str]) -> Callable[[str], str]:
    """A check that an expression leaves out somebody of each of these ``kinds``."""

    def check(value: str) -> str:
        compiled = re.compile(value)
        if any(all(compiled.search(each) for each in kind) for kind in kinds):
            raise ValueError("matches everybody; name whom you trust")
        return value

    return check


Expression = Annotated[Line, AfterValidator(_expression)]
"""A regular expression (Go's RE2) of a whole identity: '^https://github[.]com/acme/.*$'."""
IssuerExpression = Annotated[Expression, AfterValidator(_for_somebody(*_ISSUERS))]
SubjectExpression = Annotated[Expression, AfterValidator(_for_somebody(*_SUBJECTS))]


class KeySettings(Model):
    """A key pair's public half; set exactly one of public, secret and kms."""

    public: PublicKey | None = Field(
        default=None, description="The public key in PEM, as `cosign public-key` prints it."
    )
    secret: ObjectName | None = Field(
        default=None,
        description="Name of a Secret in the namespace cosign-system whose one entry is the "
        "public key. Something else makes it.",
    )
    kms: (
        Annotated[
            str,
            AfterValidator(
                matching(
                    _KMS,
                    "is no key of a KMS; write it like 'gcpkms://...', 'awskms://...', "
                    "'azurekms://...' or 'hashivault://...'",
                )
            ),
        ]
        | None
    ) = Field(default=None, description="A key of a KMS that the controller may read.")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum(each is not None for each in (self.public, self.secret, self.kms)) != 1:
            raise ValueError("set exactly one of public, secret and kms")
        return self


class KeylessSettings(Model):
    """An identity in a certificate of Fulcio's."""

    issuer: HttpUrl | None = Field(
        default=None,
        description="Who vouches for it: 'https://token.actions.githubusercontent.com'.",
    )
    issuer_reg_exp: IssuerExpression | None = Field(
        default=None, description="The same as an expression."
    )
    subject: Line | None = Field(
        default=None, description="Who signs: an address of mail, or the URL of a workflow."
    )
    subject_reg_exp: SubjectExpression | None = Field(
        default=None, description="The same as an expression."
    )
    fulcio: HttpUrl = Field(default=_PUBLIC_FULCIO, description="The certificate authority's URL.")
    trust_root: ObjectName | None = Field(
        default=None,
        description="One of trustRoots, for a private Sigstore. Default: the public one, whose "
        "keys the controller fetches from tuf-repo-cdn.sigstore.dev.",
    )

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        for field in ("issuer", "subject"):
            given = (getattr(self, field), getattr(self, f"{field}_reg_exp"))
            if sum(each is not None for each in given) != 1:
                raise FieldError(
                    field,
                    f"set exactly one of {field} and {field}RegExp: without both an issuer and a "
                    "subject, anybody's signature would do",
                )
        if self.trust_root is None and self.fulcio != _PUBLIC_FULCIO:
            raise FieldError(
                "fulcio",
                "is a CA of your own, whose certificates only a trust root has; set trustRoot, or "
                "the public Sigstore would be trusted",
            )
        return self


class SignaturesSettings(Model):
    """Where signatures are, if not beside the image."""

    repository: Image = Field(description="A repository, or the registry's host alone.")
    pull_secrets: list[ObjectName] = Field(
        default_factory=list,
        description="Secrets in the pods' namespace with credentials for it.",
    )


class AuthoritySettings(Model):
    """One signer; set exactly one of key and keyless."""

    name: ObjectName = Field(description="Name, which a refusal tells.")
    key: KeySettings | None = Field(default=None, description="Signed with this key.")
    keyless: KeylessSettings | None = Field(
        default=None, description="Signed by this identity, with a short-lived certificate."
    )
    rekor: HttpUrl | None = Field(
        default=None,
        description="A transparency log that must have the signature, asked at admission. "
        "Default: for keyless, that of its Sigstore; for a key, none.",
    )
    format: Literal["legacy", "bundle"] = Field(
        default="legacy",
        description="How signatures are stored: legacy, under the tag sha256-<digest>.sig; "
        "bundle, as cosign 3 does by itself, for keyless only.",
    )
    signatures: SignaturesSettings | None = Field(
        default=None, description="Where they are. Default: in the image's own repository."
    )

    @model_validator(mode="after")
    def _one_signer(self) -> Self:
        if (self.key is None) == (self.keyless is None):
            raise ValueError(
                "set exactly one of key and keyless: with neither, nothing would be verified"
            )
        if self.key is not None and self.format == "bundle":
            raise FieldError(
                "format",
                "bundle is verified for keyless only; remove it, and sign with `cosign sign "
                "--new-bundle-format=false --key ...`",
            )
        return self

    @property
    def needs_public_sigstore(self) -> bool:
        """Whether it is verified with keys of the public Sigstore, which come from the internet."""
        if self.keyless is None:
            return self.rekor is not None
        return self.keyless.trust_root is None


class LogSettings(Model):
    """A transparency log of a private Sigstore."""

    url: HttpUrl = Field(description="Its URL.")
    public_key: PublicKey = Field(description="Its public key in PEM.")


class TrustRootSettings(Model):
    """What a private Sigstore is known by."""

    name: ObjectName = Field(description="Name, as keyless.trustRoot has it.")
    fulcio: HttpUrl = Field(description="URL of the certificate authority.")
    organization: Line = Field(description="Organization in the authority's certificate.")
    common_name: Line = Field(description="Common name in the authority's certificate.")
    certificates: Certificates = Field(
        description="The authority's chain in PEM, its self-signed root last."
    )
    rekor: LogSettings | None = Field(
        default=None, description="Transparency log of signatures. Default: none is asked."
    )
    certificate_log: LogSettings | None = Field(
        default=None, description="Transparency log of certificates. Default: none is asked."
    )
