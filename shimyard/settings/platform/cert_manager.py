"""cert-manager: certificates of the cluster's workloads, and who signs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Self

from pydantic import Field, JsonValue, model_validator

from shimyard.settings.base import DnsLabel, FieldError, Model
from shimyard.settings.charts import ChartReference, ChartSettings
from shimyard.settings.kubernetes import KubernetesTable
from shimyard.settings.platform.certificates import CertificateSettings
from shimyard.settings.platform.issuers import IssuerSettings

_OURS: Final = {
    "crds": "keepCrds says whether they stay; remove this",
    "installCRDs": "keepCrds says whether they stay; remove this",
    "namespace": "the field namespace says where it is; remove this",
    "clusterResourceNamespace": "issuers of the cluster have their Secrets beside cert-manager; "
    "remove this",
    "startupapicheck.enabled": "issuers wait for this check; remove this",
    "startupapicheck.jobAnnotations": "they say when the check is made; remove this",
}
"""Values of the chart that Shimyard sets or relies on -> what to do."""


class CertManagerChartSettings(ChartSettings):
    """The chart of cert-manager."""

    reference: ChartReference = Field(
        default="oci://quay.io/jetstack/charts/cert-manager",
        description="Where its publisher has it. The mirrors of that registry in "
        "runtime.registries come before it.",
    )


class CertManagerSettings(Model):
    """cert-manager with its issuers and certificates."""

    chart: CertManagerChartSettings = Field(description="Its chart, 1.15 or newer.")
    namespace: DnsLabel = Field(
        default="cert-manager", description="Namespace of its own, which is made."
    )
    values: KubernetesTable = Field(
        default_factory=dict,
        description="More values of the chart, over Shimyard's.",
    )
    keep_crds: bool = Field(
        default=False,
        description="Whether its CRDs, and with them every Certificate and Issuer of the cluster, "
        "stay when it is removed. Default: they go.",
    )
    timeout: Annotated[int, Field(ge=10, le=3600)] = Field(
        default=300,
        description="Seconds until the chart, an issuer or a certificate is ready.",
    )
    issuers: list[IssuerSettings] = Field(
        default_factory=list, description="Who signs certificates."
    )
    certificates: list[CertificateSettings] = Field(
        default_factory=list, description="Certificates."
    )

    @model_validator(mode="after")
    def _values_leave_ours_alone(self) -> Self:
        for path, mend in _OURS.items():
            if _has(self.values, path):
                raise FieldError(f"values.{path}", mend)
        return self

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        for index, issuer in enumerate(self.issuers):
            for before, other in enumerate(self.issuers[:index]):
                apart = None not in (issuer.namespace, other.namespace)
                if issuer.name == other.name and not (
                    apart and issuer.namespace != other.namespace
                ):
                    raise FieldError(
                        f"issuers[{index}].name",
                        f"'{issuer.name}' is issuers[{before}] already, and a certificate names "
                        "its issuer by the name alone; choose another",
                    )
        places: dict[tuple[str, str, str], str] = {}
        for index, certificate in enumerate(self.certificates):
            for field, name in (("name", certificate.name), ("secretName", certificate.secret)):
                place = (field, certificate.namespace, name)
                if place in places:
                    raise FieldError(
                        f"certificates[{index}].{field}",
                        f"'{name}' is that of {places[place]} in namespace "
                        f"'{certificate.namespace}' already; choose another",
                    )
                places[place] = f"certificates[{index}]"
        return self

    @model_validator(mode="after")
    def _certificates_have_issuers(self) -> Self:
        for index, certificate in enumerate(self.certificates):
            self._check_issuer(f"certificates[{index}]", certificate)
        return self

    @model_validator(mode="after")
    def _nobody_waits_for_oneself(self) -> Self:
        for index, certificate in enumerate(self.certificates):
            seen = [certificate.title]
            for before in self._chain(certificate):
                if before.title in seen:
                    raise FieldError(
                        f"certificates[{index}].issuer",
                        f"'{certificate.issuer}' signs with a key that comes from this "
                        "certificate itself; let a selfSigned issuer sign the root",
                    )
                seen.append(before.title)
        return self

    def issuer_of(self, certificate: CertificateSettings) -> IssuerSettings:
        """Who signs it: an issuer of its namespace or of the cluster. Raises ``FieldError``."""
        for issuer in self.issuers:
            if issuer.name == certificate.issuer and issuer.namespace in (
                None,
                certificate.namespace,
            ):
                return issuer
        known = ", ".join(issuer.title for issuer in self.issuers) or "none"
        raise FieldError(
            "issuer",
            f"namespace '{certificate.namespace}' has no issuer '{certificate.issuer}'; the stack "
            f"has: {known}",
        )

    def authority_of(self, issuer: IssuerSettings) -> CertificateSettings | None:
        """The certificate whose key an issuer signs with; None: it does not come from the stack."""
        if issuer.ca is None:
            return None
        place = (self.secrets_of(issuer), issuer.ca.secret_name)
        for certificate in self.certificates:
            if (certificate.namespace, certificate.secret) == place:
                return certificate
        return None

    def secrets_of(self, issuer: IssuerSettings) -> str:
        """The namespace where an issuer looks for its Secrets."""
        return self.namespace if issuer.namespace is None else issuer.namespace

    def _chain(self, certificate: CertificateSettings) -> Iterator[CertificateSettings]:
        """The certificates above one, up to the first that comes again."""
        seen: set[str] = set()
        above = self.authority_of(self.issuer_of(certificate))
        while above is not None:
            yield above
            if above.title in seen:
                return
            seen.add(above.title)
            above = self.authority_of(self.issuer_of(above))

    def _check_issuer(self, field: str, certificate: CertificateSettings) -> None:
        try:
            issuer = self.issuer_of(certificate)
        except FieldError as error:
            raise FieldError(f"{field}.{error.field}", error.sentence) from None
        authority = self.authority_of(issuer)
        if authority is not None and not authority.is_ca:
            place = self.certificates.index(authority)
            raise FieldError(
                f"certificates[{place}].isCa",
                f"is false, and issuer '{issuer.title}' signs with this certificate's key; set it "
                "to true",
            )
        if issuer.acme is None:
            return
        if certificate.is_ca:
            raise FieldError(f"{field}.isCa", "an ACME CA signs no other CA; remove it")
        names = (*certificate.dns_names, *certificate.ip_addresses)
        if certificate.common_name is not None and certificate.common_name not in names:
            raise FieldError(
                f"{field}.commonName",
                "is none of dnsNames and ipAddresses, and an ACME CA signs what was proven only; "
                "name it there, too, or remove it",
            )
        if issuer.acme.proves_wildcards:
            return
        for index, name in enumerate(certificate.dns_names):
            if name.startswith("*."):
                raise FieldError(
                    f"{field}.dnsNames[{index}]",
                    f"'{name}' can be proven by dns01 only; add such a solver to issuer "
                    f"'{issuer.title}', or name each host",
                )


def _has(values: Mapping[str, JsonValue], path: str) -> bool:
    first, _, rest = path.partition(".")
    if first not in values:
        return False
    below = values[first]
    return not rest or (isinstance(below, dict) and _has(below, rest))
