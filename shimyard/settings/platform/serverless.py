"""A serverless platform: tenants, and functions whose number of pods follows the load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from shimyard.settings.base import DnsLabel, FieldError
from shimyard.settings.platform.routes import MOST_HOST, DomainName, IngressSettings, RouteSettings
from shimyard.settings.workloads.apps import WasmAppSettings
from shimyard.settings.workloads.namespaces import NamespaceSettings, NetworkPolicySettings
from shimyard.settings.workloads.scaling import (
    AutoscalingSettings,
    BehaviorSettings,
    ScalingPolicySettings,
    ScalingRulesSettings,
    Utilization,
    cpu_target,
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
    cpu_utilization: Utilization | None = cpu_target(DEFAULT_UTILIZATION)
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


class ServerlessSettings(IngressSettings):
    """A function runtime for tenants."""

    handler: DnsLabel | None = Field(
        default=None, description="Handler of functions that name none. Default: none."
    )
    domain: DomainName | None = Field(
        default=None,
        description="Functions without routes answer at <function>.<tenant>.<domain>. "
        "Default: none.",
    )
    tenants: list[TenantSettings] = Field(
        default_factory=list, description="Tenants, each with a namespace of its own."
    )

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
            own = f"{function.name}.{tenant.name}.{self.domain}"
            if self.domain is not None and len(own) > MOST_HOST:
                raise FieldError(
                    f"{field}.name",
                    f"would make the host {own} of {len(own)} characters, and names end at "
                    f"{MOST_HOST}; shorten it, or domain",
                )
            for index, route in enumerate(self.routes_of(tenant, function)):
                place = (route.host, route.path, route.path_type)
                if place in taken:
                    raise FieldError(
                        f"{field}.routes[{index}]",
                        f"{route.host or 'every host'}{route.path} leads to {taken[place]} "
                        "already; give each function its own host or path",
                    )
                taken[place] = f"{tenant.name}/{function.name}"
                self.check_route(f"{field}.routes[{index}]", route, "name one, or set domain")
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
