"""Issuers of certificates: self-signed, a CA of one's own, ACME.

Source: https://cert-manager.io/docs/reference/api-docs/, cert-manager.io/v1.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from shimyard.settings.base import DNS_LABEL, DnsLabel, FieldError, Line, Model, matching
from shimyard.settings.kubernetes import ConfigKey, KubernetesTable, Labels, ObjectName
from shimyard.settings.registries import HttpUrl

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"

Email = Annotated[
    Line,
    AfterValidator(
        matching(r"[^\s@<>\"]+@[^\s@<>\"]+", "is no address; write it like 'ops@example.com'")
    ),
]
"""An address for mail, without a name around it."""

DnsName = Annotated[
    str,
    AfterValidator(
        matching(
            rf"(?=.{{1,253}}$)(\*\.)?{DNS_LABEL}(\.{DNS_LABEL})*",
            "is not a DNS name; write it like 'shop.example.com' or '*.example.com', in lower case",
        )
    ),
]
"""A DNS name of at most 253 characters; the first label may be '*'."""


class SelfSignedIssuerSettings(Model):
    """Signs each certificate with the certificate's own key: for the root of a CA, or for tests."""

    crl_distribution_points: list[HttpUrl] = Field(
        default_factory=list, description="Where revocations are published. Default: nowhere."
    )


class CaIssuerSettings(Model):
    """Signs with a key pair that is in the cluster."""

    secret_name: ObjectName = Field(
        description="Secret (tls.crt, tls.key) with the CA, in the issuer's namespace; for one of "
        "the whole cluster, in cert-manager's. A certificate of the stack may bring it."
    )
    crl_distribution_points: list[HttpUrl] = Field(
        default_factory=list, description="Where revocations are published. Default: nowhere."
    )


class ExternalAccountSettings(Model):
    """An account that the CA knows already (RFC 8555, section 7.3.4)."""

    key_id: Line = Field(description="Identifier of the key at the CA.")
    key: SecretStr = Field(
        description="MAC key, base64url as the CA hands it out. Set it with `--secret`."
    )


class Http01Settings(Model):
    """Proves a host by a file that it serves on port 80: by an Ingress that lasts a moment."""

    ingress_class: ObjectName | None = Field(
        default=None,
        description="Class of the ingress controller. Default: the cluster's default.",
    )
    service_type: Literal["ClusterIP", "NodePort"] = Field(
        default="ClusterIP",
        description="Type of the Service behind it; NodePort for controllers that need one.",
    )


class SolverSettings(Model):
    """One way to prove that a name is one's own, and for which names it is."""

    http01: Http01Settings | None = Field(default=None, description="By a file on port 80.")
    dns01: KubernetesTable | None = Field(
        default=None,
        description="By a record in the zone: a provider's table as cert-manager documents it, "
        "such as `cloudflare` or `rfc2136`. Its secrets stand in the issuer's `secrets`.",
    )
    dns_names: list[DnsName] = Field(
        default_factory=list, description="For these names only. Default: for all."
    )
    dns_zones: list[DnsName] = Field(
        default_factory=list, description="For names in these zones only. Default: for all."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.http01 is None) == (self.dns01 is None):
            raise ValueError("set one of http01 and dns01 (http01: {} for its defaults)")
        if self.dns01 is not None and len(self.dns01) == 0:
            raise FieldError("dns01", "names no provider; write its table, such as `cloudflare`")
        return self


class AcmeIssuerSettings(Model):
    """A CA that speaks ACME (RFC 8555), such as Let's Encrypt."""

    server: HttpUrl = Field(
        description="URL of the CA's directory: 'https://acme-v02.api.letsencrypt.org/directory'."
    )
    email: Email | None = Field(
        default=None, description="Where the CA writes to. Default: it does not."
    )
    account_secret: ObjectName | None = Field(
        default=None,
        description="Secret that cert-manager keeps the account's key in. Default: "
        "<issuer>-account.",
    )
    ca_bundle: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="PEM certificates that the CA's own server is trusted by. Default: public "
        "ones.",
    )
    preferred_chain: Annotated[Line, Field(max_length=64)] | None = Field(
        default=None,
        description="Common name of the root, where the CA offers several chains. Default: the "
        "CA's choice.",
    )
    external_account: ExternalAccountSettings | None = Field(
        default=None, description="An account that the CA knows already. Default: a new one."
    )
    solvers: Annotated[list[SolverSettings], Field(min_length=1)] = Field(
        description="How names are proven. The one that names a host or its zone most closely "
        "is taken."
    )
    secrets: dict[ObjectName, dict[ConfigKey, SecretStr]] = Field(
        default_factory=dict,
        description="Secrets (name -> key -> value) that solvers refer to. Set them with "
        "`--secret`.",
    )

    @field_validator("server")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        if not value.startswith("https://"):
            raise ValueError("ACME is spoken over https only (RFC 8555, section 6.1)")
        return value

    @field_validator("ca_bundle")
    @classmethod
    def _pem(cls, value: str | None) -> str | None:
        if value is not None and not value.lstrip().startswith(_CERTIFICATE):
            raise ValueError(f"has no PEM certificates; it starts with '{_CERTIFICATE}'")
        return value

    @field_validator("external_account")
    @classmethod
    def _key_of_an_account(
        cls, value: ExternalAccountSettings | None
    ) -> ExternalAccountSettings | None:
        if value is None:
            return value
        key = value.key.get_secret_value()
        try:
            # Some CAs hand it out with its padding and some without.
            base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            raise FieldError("key", "is not base64url; write it as the CA hands it out") from None
        return value

    @property
    def proves_wildcards(self) -> bool:
        """Whether '*.example.com' can be proven, which a file of one host can't."""
        return any(solver.dns01 is not None for solver in self.solvers)

    @property
    def proves_over_http(self) -> bool:
        """Whether hosts are proven by a pod that answers for them."""
        return any(solver.http01 is not None for solver in self.solvers)


class IssuerSettings(Model):
    """Something that signs certificates, for one namespace or for all."""

    name: ObjectName = Field(description="Name of the Issuer or ClusterIssuer.")
    namespace: DnsLabel | None = Field(
        default=None,
        description="Namespace that may use it. Default: all, by a ClusterIssuer.",
    )
    labels: Labels = Field(default_factory=dict, description="Labels of the object.")
    self_signed: SelfSignedIssuerSettings | None = Field(
        default=None, description="Certificates that sign themselves; {} for its defaults."
    )
    ca: CaIssuerSettings | None = Field(default=None, description="A CA in the cluster.")
    acme: AcmeIssuerSettings | None = Field(default=None, description="A CA that speaks ACME.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(each is not None for each in (self.self_signed, self.ca, self.acme)) != 1:
            raise ValueError("set one of selfSigned, ca and acme (selfSigned: {} for its defaults)")
        return self

    @property
    def kind(self) -> Literal["Issuer", "ClusterIssuer"]:
        """The kind of the object."""
        return "ClusterIssuer" if self.namespace is None else "Issuer"

    @property
    def account_secret(self) -> str:
        """Secret with the key of its account at an ACME CA."""
        given = None if self.acme is None else self.acme.account_secret
        return given or f"{self.name}-account"

    @property
    def external_account_secret(self) -> str:
        """Secret with the key that binds its account to one that the ACME CA knows."""
        return f"{self.name}-external-account"

    @property
    def title(self) -> str:
        """How messages name it."""
        return self.name if self.namespace is None else f"{self.namespace}/{self.name}"
