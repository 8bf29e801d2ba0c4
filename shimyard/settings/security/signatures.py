"""Signed images only: whose signatures count for which images, and where they are asked for."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from shimyard.settings.base import DnsLabel, FieldError, Line, Model, each_once
from shimyard.settings.charts import ChartSettings
from shimyard.settings.kubernetes import KubernetesTable, ObjectName
from shimyard.settings.security.image_patterns import ImagePattern, matches
from shimyard.settings.security.pem import Certificates
from shimyard.settings.security.signers import AuthoritySettings, TrustRootSettings

CONTROLLER_NAMESPACE: Final = "cosign-system"
"""Where the controller runs; its CRDs name it."""

_OWN_VALUES: Final = {
    "webhook": (
        "replicaCount",
        "failurePolicy",
        "configData",
        "namespaceSelector",
        "registryCaBundle",
    ),
    "cosign": ("webhookName",),
}


class ExemptionSettings(Model):
    """A namespace whose images nobody has to sign."""

    namespace: DnsLabel = Field(description="Name of the namespace.")
    reason: Line = Field(description="Why, for whoever reads the stack next.")


class SignaturePolicySettings(Model):
    """A rule for images: one of the authorities must have signed each."""

    name: ObjectName = Field(description="Name, which a refusal tells.")
    images: list[ImagePattern] = Field(
        description="Images, by name: 'registry.example.com/shop/**'. An image of several "
        "policies needs to satisfy each.",
        min_length=1,
    )
    authorities: list[AuthoritySettings] = Field(
        description="Who may sign them; one signature is enough.", min_length=1
    )
    mode: Literal["enforce", "warn"] = Field(
        default="enforce",
        description="enforce: pods without a signature are refused. warn: whoever makes them is "
        "told.",
    )

    @model_validator(mode="after")
    def _one_authority_a_name(self) -> Self:
        each_once("authorities[{}].name", (each.name for each in self.authorities))
        return self

    def holds_for(self, image: str) -> bool:
        """Whether ``image`` is one of its images."""
        return any(matches(pattern, image) for pattern in self.images)


class SignedImagesSettings(Model):
    """Pods of signed images only, in each namespace of the stack that is not exempt."""

    chart: ChartSettings = Field(
        description="The chart of policy-controller: sigstore's own, or one with its values."
    )
    values: KubernetesTable = Field(
        default_factory=dict,
        description="More values of the chart, like 'webhook.image' or 'commonNodeSelector'.",
    )
    registry_ca: Certificates | None = Field(
        default=None,
        description="Certificates in PEM that the controller trusts a registry by, beside those of "
        "its image. Default: none.",
    )
    policies: list[SignaturePolicySettings] = Field(
        description="Whose signatures count for which images.", min_length=1
    )
    unmatched: Literal["deny", "warn", "allow"] = Field(
        default="deny", description="What becomes of an image that no policy is for."
    )
    exempt: list[ExemptionSettings] = Field(
        default_factory=list,
        description="Namespaces of the stack that are not held. Default: none is exempt.",
    )
    trust_roots: list[TrustRootSettings] = Field(
        default_factory=list, description="Private Sigstores, which keyless authorities name."
    )
    replicas: Annotated[int, Field(ge=1, le=100)] = Field(
        default=2,
        description="Pods of the controller. While none answers, no pod is made in a namespace "
        "that is held.",
    )

    @model_validator(mode="after")
    def _one_of_a_name(self) -> Self:
        each_once("policies[{}].name", (each.name for each in self.policies))
        each_once("exempt[{}].namespace", (each.namespace for each in self.exempt))
        each_once("trustRoots[{}].name", (each.name for each in self.trust_roots))
        return self

    @model_validator(mode="after")
    def _values_keep_what_is_promised(self) -> Self:
        for table, fields in _OWN_VALUES.items():
            given = self.values.get(table, {})
            if not isinstance(given, dict):
                raise FieldError(f"values.{table}", "is no table; write one, or remove it")
            for field in fields:
                if field in given:
                    raise FieldError(f"values.{table}.{field}", "is Shimyard's to say; remove it")
        return self

    @model_validator(mode="after")
    def _trust_roots_are_there(self) -> Self:
        known = [each.name for each in self.trust_roots]
        for field, authority in self.authorities():
            named = None if authority.keyless is None else authority.keyless.trust_root
            if named is not None and named not in known:
                raise FieldError(
                    f"{field}.keyless.trustRoot",
                    f"there is no '{named}'; trustRoots has: {', '.join(known) or 'none'}",
                )
        return self

    def authorities(self) -> list[tuple[str, AuthoritySettings]]:
        """(field, authority) of all policies."""
        return [
            (f"policies[{number}].authorities[{index}]", authority)
            for number, policy in enumerate(self.policies)
            for index, authority in enumerate(policy.authorities)
        ]

    def holds(self, namespace: str) -> bool:
        """Whether pods in a namespace of the stack need signed images."""
        return namespace not in {each.namespace for each in self.exempt}
