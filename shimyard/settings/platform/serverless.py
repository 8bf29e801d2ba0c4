"""A serverless platform: tenants, and functions whose number of pods follows the load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from shimyard.settings.base import DNS_LABEL, DnsLabel, FieldError, Model, matching
from shimyard.settings.kubernetes import Annotations, ObjectName
from shimyard.settings.workloads.apps import WasmAppSettings
from shimyard.settings.workloads.namespaces import NamespaceSettings, NetworkPolicySettings
from shimyard.settings.workloads.scaling import (
    AutoscalingSettings,
    BehaviorSettings,
    ScalingPolicySettings,
    ScalingRulesSettings,
)

_HOST = rf"(?=.{{1,253}}$)(\*\.)?{DNS_LABEL}(\.{DNS_LABEL})+"
_PATH = r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*"

ISSUER_ANNOTATION: Final = "cert-manager.io/cluster-issuer"
"""Of an Ingress whose certificate cert-manager is to bring."""

HostName = Annotated[
    str,
    AfterValidator(
        matching(
            _HOST,
            "is not a host name; write it like 'api.example.com' or '*.example.com', in lower case",
        )
    ),
]
"""A DNS name of at least two labels, at most 253 characters; the first label may be '*'."""

UrlPath = Annotated[
    str, AfterValidator(matching(_PATH, "is not a path of a URL; start it with '/', without '?'"))
]
"""The path of a URL: '/', '/orders'."""


class RouteSettings(Model):
    """Where a function answers outside of the cluster."""

    host: HostName | None = Field(
        default=None,
        description="Host of the requests; '*.' before it stands for one label. Default: "
        "<function>.<tenant>.<domain>, if the platform has a domain, else every host.",
    )
    path: UrlPath = Field(default="/", description="Path of the requests.")
    path_type: Literal["Prefix", "Exact"] = Field(
        default="Prefix", description="Prefix: and everything below the path."
    )


class FunctionScalingSettings(AutoscalingSettings):
    """How many pods a function has: ten to a thousand, and twice as many every 15 seconds."""

    DEFAULT_UTILIZATION: ClassVar[int] = 70

    min_replicas: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=10, description="Fewest pods."
    )
    max_replicas: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1000, description="Most pods."
    )
    behavior: BehaviorSettings | None = Field(
        default=BehaviorSettings(
            scale_up=ScalingRulesSettings(
                stabilization_window_seconds=0,
                policies=[ScalingPolicySettings(type="Percent", value=100, period_seconds=15)],
            )
        ),
        description="How fast it changes. Default: up by 100 percent in 15 seconds at once; down "
        "as Kubernetes does.",
    )


def _as_written(schema: dict[str, Any]) -> None:
    """In a stack file, a function has its tenant's namespace, and may have no handler."""
    del schema["properties"]["namespace"]
    schema["required"].remove("handler")


class FunctionSettings(WasmAppSettings):
    """A Wasm app whose number of pods follows the load, and that answers at routes."""

    model_config = ConfigDict(json_schema_extra=_as_written)

    autoscaling: FunctionScalingSettings | None = Field(
        default_factory=FunctionScalingSettings,
        description="How many pods there are. Default: 10 to 1000, at 70 percent of the requested "
        "processors. Null: as many as `replicas` says.",
    )
    routes: list[RouteSettings] | None = Field(
        default=None,
        description="Where it answers outside of the cluster; [] for nowhere. Default: its own "
        "host, if the platform has a domain, else nowhere.",
    )


class TenantSettings(NamespaceSettings):
    """A namespace of one tenant's functions, closed to the others but for its Services."""

    network_policy: NetworkPolicySettings | None = Field(
        default_factory=NetworkPolicySettings,
        description="Default: nothing connects to the pods but each other, and whoever uses a "
        "Service. Null: everything may connect.",
    )
    functions: list[FunctionSettings] = Field(
        default_factory=list, description="The tenant's functions."
    )

    @property
    def share(self) -> dict[str, str]:
        """The tenant's quota; the pods of its functions' `maxReplicas` if it states none."""
        if self.quota or not self.functions:
            return dict(self.quota)
        # One more of each function while a new version replaces the old one.
        return {"pods": str(sum(_most_pods(function) + 1 for function in self.functions))}

    @model_validator(mode="after")
    def _the_quota_has_room(self) -> Self:
        pods = self.quota.get("pods")
        fewest = sum(function.fewest_pods for function in self.functions)
        if pods is not None and pods.isdigit() and int(pods) <= fewest:
            raise FieldError(
                "quota.pods",
                f"{pods} is no room for the functions' {fewest} pods and one more for an update; "
                "raise it, or lower their autoscaling.minReplicas",
            )
        return self


class ServerlessSettings(Model):
    """A function runtime for tenants."""

    handler: DnsLabel | None = Field(
        default=None, description="Handler of functions that name none. Default: none."
    )
    domain: HostName | None = Field(
        default=None,
        description="Functions without routes answer at <function>.<tenant>.<domain>. "
        "Default: none.",
    )
    ingress_class: ObjectName | None = Field(
        default=None,
        description="Class of the ingress controller. Default: the cluster's default, which is "
        "Traefik in K3s unless it is disabled.",
    )
    ingress_annotations: Annotations = Field(
        default_factory=dict,
        description="Annotations of each Ingress, such as cert-manager.io/cluster-issuer.",
    )
    tls_secret: ObjectName | None = Field(
        default=None,
        description="Secret in each tenant's namespace with the certificate of the routes' hosts. "
        "Default: plain HTTP.",
    )
    tls_issuer: ObjectName | None = Field(
        default=None,
        description="Issuer of the cluster by which cert-manager gives each function a "
        "certificate for its routes' hosts, in Secret <function>-tls. Default: none.",
    )
    tenants: list[TenantSettings] = Field(
        default_factory=list, description="Tenants, each with a namespace of its own."
    )

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations of each Ingress, the issuer's among them."""
        issuer = {} if self.tls_issuer is None else {ISSUER_ANNOTATION: self.tls_issuer}
        return {**self.ingress_annotations, **issuer}

    def tls_secret_of(self, function: FunctionSettings) -> str | None:
        """Secret with the certificate of a function's hosts; None: plain HTTP."""
        return self.tls_secret if self.tls_issuer is None else f"{function.name}-tls"

    @model_validator(mode="after")
    def _one_source_of_certificates(self) -> Self:
        if self.tls_issuer is None:
            return self
        if self.tls_secret is not None:
            raise FieldError("tlsSecret", "is not needed beside tlsIssuer; remove one of them")
        if ISSUER_ANNOTATION in self.ingress_annotations:
            raise FieldError(
                f"ingressAnnotations.{ISSUER_ANNOTATION}", "is what tlsIssuer sets; remove it"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _functions_know_their_place(cls, data: object) -> object:
        if not isinstance(data, dict) or not isinstance(data.get("tenants"), list):
            return data
        tenants = [
            _with_places(tenant, f"tenants[{index}]", data.get("handler"))
            for index, tenant in enumerate(data["tenants"])
        ]
        return {**data, "tenants": tenants}

    @model_validator(mode="after")
    def _each_route_once(self) -> Self:
        taken: dict[tuple[str | None, str, str], str] = {}
        for field, tenant, function in self.functions():
            for index, route in enumerate(self.routes_of(tenant, function)):
                place = (route.host, route.path, route.path_type)
                if place in taken:
                    raise FieldError(
                        f"{field}.routes[{index}]",
                        f"{route.host or 'every host'}{route.path} leads to {taken[place]} "
                        "already; give each function its own host or path",
                    )
                taken[place] = f"{tenant.name}/{function.name}"
                if route.host is None and self.tls_secret_of(function) is not None:
                    source = "tlsSecret has" if self.tls_issuer is None else "tlsIssuer signs"
                    raise FieldError(
                        f"{field}.routes[{index}].host",
                        f"is missing, and {source} a certificate for hosts; name one, or set "
                        "domain",
                    )
        return self

    def functions(self) -> Iterator[tuple[str, TenantSettings, FunctionSettings]]:
        """(field, tenant, function) of all functions."""
        for number, tenant in enumerate(self.tenants):
            for index, function in enumerate(tenant.functions):
                yield f"tenants[{number}].functions[{index}]", tenant, function

    def routes_of(self, tenant: TenantSettings, function: FunctionSettings) -> list[RouteSettings]:
        """Where a function answers, each host filled in."""
        host = None if self.domain is None else f"{function.name}.{tenant.name}.{self.domain}"
        if function.routes is None:
            return [] if host is None else [RouteSettings(host=host)]
        return [
            route if route.host is not None else route.model_copy(update={"host": host})
            for route in function.routes
        ]


def _with_places(tenant: object, field: str, handler: object) -> object:
    """The tenant's functions with its namespace, and the platform's handler where none is named."""
    if not isinstance(tenant, dict) or not isinstance(tenant.get("functions"), list):
        return tenant
    functions: list[Any] = []
    for index, function in enumerate(tenant["functions"]):
        if not isinstance(function, dict):
            functions.append(function)
            continue
        if "namespace" in function and function["namespace"] != tenant.get("name"):
            raise FieldError(
                f"{field}.functions[{index}].namespace", "is the tenant's own; remove it"
            )
        defaults = {"namespace": tenant.get("name")} | (
            {} if handler is None else {"handler": handler}
        )
        functions.append({**defaults, **function})
    return {**tenant, "functions": functions}


def _most_pods(function: FunctionSettings) -> int:
    scaling = function.autoscaling
    return function.fewest_pods if scaling is None else scaling.max_replicas
