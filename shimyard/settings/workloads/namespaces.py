"""Namespaces for workloads: quotas, limits, isolation, pod security, registries' credentials."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from shimyard.settings.base import DnsLabel, FieldError, Line, Model, each_once, matching
from shimyard.settings.kubernetes import Annotations, Labels
from shimyard.settings.quantity import (
    CpuQuantity,
    MemoryQuantity,
    Quantity,
    parse_quantity,
)
from shimyard.settings.registries import RegistryHost

PodSecurity = Literal["privileged", "baseline", "restricted"]

DENY, ALLOW_SAME, ALLOW_DNS = "deny-by-default", "allow-same-namespace", "allow-dns"
ALLOW_SOLVERS = "allow-acme-solvers"
POLICIES = (DENY, ALLOW_SAME, ALLOW_DNS, ALLOW_SOLVERS)
"""Names of the NetworkPolicies of closed namespaces."""

_RESOURCE = r"[a-z0-9A-Z]([-a-z0-9A-Z_./]{0,250}[a-z0-9A-Z])?"
_POLICY_VERSION = r"latest|v1\.\d{1,3}"

ResourceName = Annotated[
    str,
    AfterValidator(
        matching(
            _RESOURCE,
            "is no resource; write it like 'requests.memory', 'pods' or 'count/services'",
        )
    ),
]
"""A resource that a quota counts: 'requests.cpu', 'pods', 'count/deployments.apps'."""


class RegistryLoginSettings(Model):
    """Credentials of one registry, for the namespace's pods."""

    host: RegistryHost = Field(
        description="The registry's name in image references: 'registry.example.com:5000'."
    )
    username: Line = Field(description="User name.")
    password: SecretStr = Field(description="Password or token. Set it with `--secret`.")

    @model_validator(mode="after")
    def _one_registry(self) -> Self:
        if self.host == "_default":
            raise FieldError("host", "credentials are for one registry; name it")
        if ":" in self.username:
            # RFC 7617, section 2: what follows the first colon is the password.
            raise FieldError("username", "has a ':', which HTTP forbids; choose another")
        return self


class PodSecuritySettings(Model):
    """Pod Security admission (Kubernetes: pod-security.kubernetes.io labels)."""

    enforce: PodSecurity = Field(
        default="restricted", description="Pods that violate it are refused."
    )
    warn: PodSecurity = Field(
        default="restricted", description="Whoever creates pods that violate it is warned."
    )
    version: Annotated[
        str,
        AfterValidator(matching(_POLICY_VERSION, "is neither 'latest' nor a version like 'v1.34'")),
    ] = Field(default="latest", description="Kubernetes' version that the levels are of.")


class LimitSettings(Model):
    """Amounts for one container."""

    cpu: CpuQuantity | None = Field(default=None, description="Processors. Default: none stated.")
    memory: MemoryQuantity | None = Field(
        default=None, description="Bytes of memory. Default: none stated."
    )


class LimitsSettings(Model):
    """A LimitRange: what a container of the namespace gets if it states nothing itself."""

    default_request: LimitSettings = Field(
        default=LimitSettings(cpu="10m", memory="2Mi"),
        description="Requests of a container that states none.",
    )
    default: LimitSettings = Field(
        default=LimitSettings(memory="128Mi"),
        description="Limits of a container that states none.",
    )
    min: LimitSettings | None = Field(
        default=None, description="Fewer than this is refused. Default: nothing is too little."
    )
    max: LimitSettings | None = Field(
        default=None, description="More than this is refused. Default: nothing is too much."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        order = [
            ("min", self.min),
            ("defaultRequest", self.default_request),
            ("default", self.default),
            ("max", self.max),
        ]
        known = [(field, amounts) for field, amounts in order if amounts is not None]
        for resource in LimitSettings.model_fields:
            least: tuple[str, str] | None = None
            for field, amounts in known:
                value = getattr(amounts, resource)
                if value is None:
                    continue
                if least and parse_quantity(value) < parse_quantity(least[1]):
                    raise FieldError(
                        f"{field}.{resource}",
                        f"{value} is less than {least[0]}.{resource} ({least[1]}); raise it",
                    )
                least = (field, value)
        return self


class NetworkPolicySettings(Model):
    """Closes the namespace's pods to the network; what has a Service stays open at its ports."""

    deny_ingress: bool = Field(default=True, description="Refuse connections to the pods.")
    deny_egress: bool = Field(default=False, description="Refuse connections from the pods.")
    allow_same_namespace: bool = Field(
        default=True, description="Allow connections between pods of the namespace."
    )
    allow_dns: bool = Field(
        default=True, description="Allow questions to the cluster's DNS, with denyEgress."
    )


class NamespaceSettings(Model):
    """A namespace for workloads."""

    name: DnsLabel = Field(description="Name of the namespace.")
    existing: bool = Field(
        default=False,
        description="It is there already: only what is set here is added to it, and the "
        "namespace itself stays when the stack goes.",
    )
    labels: Labels = Field(default_factory=dict, description="Labels of the namespace.")
    annotations: Annotations = Field(
        default_factory=dict, description="Annotations of the namespace."
    )
    pod_security: PodSecuritySettings | None = Field(
        default=None, description="Default: restricted; for an existing namespace, as it is."
    )
    quota: dict[ResourceName, Quantity] = Field(
        default_factory=dict,
        description="A ResourceQuota: resource -> most of it in the whole namespace, as in "
        "'requests.memory: 2Gi'. Default: none.",
    )
    limits: LimitsSettings | None = Field(
        default_factory=LimitsSettings,
        description="A LimitRange. Default: 10m and 2Mi asked for, 128Mi allowed. Null: none.",
    )
    network_policy: NetworkPolicySettings | None = Field(
        default=None, description="Default: none, everything may connect."
    )
    registries: list[RegistryLoginSettings] = Field(
        default_factory=list,
        description="Credentials for pulling images, which the namespace's own service account "
        "carries.",
    )

    @model_validator(mode="after")
    def _existing_ones_stay_as_they_are(self) -> Self:
        if self.existing:
            for field in ("labels", "annotations", "pod_security"):
                if getattr(self, field):
                    alias = NamespaceSettings.model_fields[field].alias
                    raise FieldError(
                        f"{alias}", "belongs to whoever made the namespace; remove it, or existing"
                    )
        return self

    @model_validator(mode="after")
    def _one_login_a_registry(self) -> Self:
        hosts = (registry.host for registry in self.registries)
        each_once("registries[{}].host", hosts, "keep one")
        return self

    @property
    def enforced(self) -> PodSecurity | None:
        """The level that admission enforces; None: not ours to say."""
        if self.existing:
            return None
        return (self.pod_security or PodSecuritySettings()).enforce
