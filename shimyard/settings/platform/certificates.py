"""Certificates that cert-manager keeps valid.

Source: https://cert-manager.io/docs/reference/api-docs/, cert-manager.io/v1, and what its webhook
refuses (internal/apis/certmanager/validation/certificate.go).
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shimyard.settings.base import DnsLabel, FieldError, Line, Model, each_once, matching
from shimyard.settings.kubernetes import Labels, ObjectName
from shimyard.settings.platform.issuers import DnsName

_DURATION = r"(?=.)(\d{1,6}h)?(\d{1,8}m)?(\d{1,9}s)?"
_SECONDS: Final = {"h": 3600, "m": 60, "s": 1}
LEAST_SECONDS: Final = 3600
LEAST_RENEWAL_SECONDS: Final = 300
_SIZES: Final = {"RSA": (2048, 3072, 4096, 8192), "ECDSA": (256, 384, 521), "Ed25519": ()}

Duration = Annotated[
    str,
    AfterValidator(
        matching(_DURATION, "is no duration; write hours, minutes, seconds like '2160h' or '1h30m'")
    ),
]
"""A duration as Go spells it: '2160h', '1h30m'."""


def _address(value: str) -> str:
    try:
        ip_address(value)
    except ValueError:
        raise ValueError("is not an IP address; write it like '10.0.0.1' or 'fd00::1'") from None
    return value


IpAddress = Annotated[str, AfterValidator(_address)]
"""An IPv4 or IPv6 address."""

Usage = Literal[
    "signing",
    "digital signature",
    "content commitment",
    "key encipherment",
    "key agreement",
    "data encipherment",
    "cert sign",
    "crl sign",
    "encipher only",
    "decipher only",
    "any",
    "server auth",
    "client auth",
    "code signing",
    "email protection",
    "s/mime",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "timestamping",
    "ocsp signing",
    "microsoft sgc",
    "netscape sgc",
]


def seconds_of(duration: str) -> int:
    """The seconds of a ``Duration``."""
    parts = re.findall(r"(\d+)([hms])", duration)
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)


class PrivateKeySettings(Model):
    """The key of a certificate."""

    algorithm: Literal["RSA", "ECDSA", "Ed25519"] = Field(
        default="ECDSA", description="Kind of key."
    )
    size: int | None = Field(
        default=None,
        description="Bits. Default: 2048 for RSA, 256 for ECDSA; Ed25519 has one size.",
    )
    encoding: Literal["PKCS1", "PKCS8"] = Field(
        default="PKCS1", description="How tls.key is written; PKCS1 stands for SEC 1 with ECDSA."
    )
    rotation_policy: Literal["Always", "Never"] = Field(
        default="Always", description="Whether each renewal makes a new key."
    )

    @model_validator(mode="after")
    def _size_of_the_algorithm(self) -> Self:
        sizes = _SIZES[self.algorithm]
        if self.size is not None and self.size not in sizes:
            known = ", ".join(map(str, sizes))
            raise FieldError(
                "size",
                f"{self.algorithm} keys have {known} bits; choose one of them, or leave it out"
                if sizes
                else f"{self.algorithm} has one size; leave it out",
            )
        return self


class CertificateSettings(Model):
    """A certificate and its key, in a Secret, renewed in time."""

    name: ObjectName = Field(description="Name of the Certificate.")
    namespace: DnsLabel = Field(default="default", description="Its namespace.")
    labels: Labels = Field(default_factory=dict, description="Labels of the object.")
    secret_name: ObjectName | None = Field(
        default=None,
        description="Secret for tls.crt, tls.key and ca.crt. Default: the certificate's name.",
    )
    issuer: ObjectName = Field(
        description="An issuer of the stack: of the namespace, or of the cluster."
    )
    common_name: Annotated[Line, Field(max_length=64)] | None = Field(
        default=None, description="Common name, for programs that still read it. Default: none."
    )
    dns_names: list[DnsName] = Field(default_factory=list, description="Hosts that it is for.")
    ip_addresses: list[IpAddress] = Field(
        default_factory=list, description="Addresses that it is for, IPv4 or IPv6."
    )
    is_ca: bool = Field(default=False, description="Whether it may sign others.")
    duration: Duration = Field(
        default="2160h", description="How long it is valid, in hours; an ACME CA decides itself."
    )
    renew_before: Duration | None = Field(
        default=None,
        description="How long before its end it is renewed. Default: a third of its duration.",
    )
    private_key: PrivateKeySettings = Field(
        default_factory=PrivateKeySettings, description="Its key."
    )
    usages: list[Usage] = Field(
        default_factory=list,
        description="What the key may be used for. Default: digital signature and key "
        "encipherment, and for a CA cert sign.",
    )
    wait: bool = Field(
        default=True,
        description="Whether `up` waits until it is there. False for an ACME CA that can reach "
        "the hosts only later.",
    )

    @model_validator(mode="after")
    def _is_for_something(self) -> Self:
        if not self.dns_names and not self.ip_addresses and self.common_name is None:
            raise FieldError("dnsNames", "is empty; name a host, or set ipAddresses or commonName")
        each_once("dnsNames[{}]", self.dns_names)
        each_once("ipAddresses[{}]", self.ip_addresses)
        each_once("usages[{}]", self.usages)
        return self

    @model_validator(mode="after")
    def _is_renewed_in_its_time(self) -> Self:
        whole = seconds_of(self.duration)
        if whole < LEAST_SECONDS:
            raise FieldError("duration", "is less than an hour, which cert-manager refuses")
        if self.renew_before is None:
            return self
        before = seconds_of(self.renew_before)
        if before < LEAST_RENEWAL_SECONDS:
            raise FieldError("renewBefore", "is less than 5m, which cert-manager refuses")
        if before >= whole:
            raise FieldError(
                "renewBefore", f"is not less than the duration of {self.duration}; lower it"
            )
        return self

    @property
    def secret(self) -> str:
        """Name of the Secret that it is in."""
        return self.secret_name or self.name

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"{self.namespace}/{self.name}"
