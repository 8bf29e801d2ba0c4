"""What every app becomes, whatever its containers: Deployment, Service, autoscaler, budget."""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import Service
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.manifests.metadata import labels, without_empty
from components.manifests.pods import deployment_spec
from components.manifests.scaling import autoscaler_spec, budget_spec
from components.manifests.services import (
    open_ports_spec,
    service_of,
    service_ports,
    service_spec,
    url_scheme,
)
from shimyard.settings import ShimName
from shimyard.settings.base import FieldError
from shimyard.settings.workloads import (
    AppSettings,
    PodsSettings,
    PortSettings,
    ServiceSettings,
    StrategySettings,
    WasmPodsSettings,
)


class App(pulumi.ComponentResource):
    """An app in the cluster, of whatever containers its kind has.

    Outputs: ``deployment`` (name), ``service`` (name, None if it has none), ``address`` (host
    name inside the cluster, or a LoadBalancer's outer address, None without a Service), ``url``
    (None if no port says that it speaks HTTP).
    """

    TYPE: ClassVar[str]

    deployment: pulumi.Output[str]
    service: pulumi.Output[str | None]
    address: pulumi.Output[str | None]
    url: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        app: PodsSettings,
        *,
        shim: ShimName | None,
        namespace: pulumi.Input[str] | None,
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        """``namespace``: replaces the app's. Raises ``pulumi.RunError``: the shim does not fit."""
        super().__init__(self.TYPE, resource_name, None, opts)
        try:
            if isinstance(app, WasmPodsSettings):
                app.check_with(shim)
        except FieldError as error:
            kind = type(self).__name__
            raise pulumi.RunError(f"{kind} '{resource_name}': {error}") from None
        self._resource_name = resource_name
        self._place = app.namespace if namespace is None else namespace
        self._child = _waiting_child(self, opts)

    def _deploy(
        self,
        app: PodsSettings,
        pod_spec: dict[str, Any],
        ports: list[PortSettings],
        *,
        open_ports: bool,
        strategy: StrategySettings | None = None,
    ) -> None:
        """Make the objects around the pods, and tell the outputs.

        ``open_ports``: let anybody connect, in a namespace that is closed by default.
        """
        resource_name, opts = self._resource_name, self._child
        metadata = self._metadata(app)
        made = Deployment(
            resource_name,
            metadata=without_empty({**metadata, "annotations": dict(app.annotations)}),
            spec=deployment_spec(app, pod_spec, strategy=strategy),
            opts=opts,
        )
        self.deployment = made.metadata["name"]
        if app.autoscaling is not None:
            HorizontalPodAutoscaler(
                resource_name,
                metadata=metadata,
                spec=autoscaler_spec(app, app.autoscaling),
                # It would complain of a Deployment that is not there yet.
                opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[made])),
            )
        if app.has_budget:
            PodDisruptionBudget(resource_name, metadata=metadata, spec=budget_spec(app), opts=opts)
        none: pulumi.Output[str | None] = pulumi.Output.from_input(None)
        self.service = self.address = self.url = none
        service = service_of(app, ports)
        if service is not None:
            self._expose(app, service, ports)
            if open_ports:
                NetworkPolicy(
                    resource_name,
                    metadata=metadata,
                    spec=open_ports_spec(app, service, ports),
                    opts=opts,
                )
        self.register_outputs(
            {
                "deployment": self.deployment,
                "service": self.service,
                "address": self.address,
                "url": self.url,
            }
        )

    def _metadata(self, app: PodsSettings) -> dict[str, Any]:
        return {"name": app.name, "namespace": self._place, "labels": labels(app)}

    def _expose(
        self, app: PodsSettings, service: ServiceSettings, ports: list[PortSettings]
    ) -> None:
        metadata = self._metadata(app)
        # A provider waits for a Service's first pod, which an app without pods never has.
        patience = {} if app.fewest_pods else {"pulumi.com/skipAwait": "true"}
        made = Service(
            self._resource_name,
            metadata=without_empty(
                {
                    **metadata,
                    "labels": {**service.labels, **metadata["labels"]},
                    "annotations": {**service.annotations, **patience},
                }
            ),
            spec=service_spec(app, service, ports),
            opts=self._child,
        )
        self.service = made.metadata["name"]
        if service.type == "LoadBalancer":
            self.address = made.status.apply(_outer_address)
        else:
            # Without the cluster's domain, which only the cluster knows; its DNS adds it.
            self.address = pulumi.Output.concat(app.name, ".", self._place, ".svc")
        first = service_ports(service, ports)[0]
        scheme = url_scheme(first)
        if scheme is not None:
            plain = {"http": 80, "https": 443}[scheme] == first.port
            port = "" if plain else f":{first.port}"
            self.url = self.address.apply(
                lambda host: None if host is None else f"{scheme}://{host}{port}"
            )


def _waiting_child(
    component: pulumi.ComponentResource, opts: pulumi.ResourceOptions | None
) -> pulumi.ResourceOptions:
    """Options of a child that waits for what ``component`` was told to wait for.

    The SDK makes only the component itself wait, and a component makes nothing.
    """
    depends_on = None if opts is None else opts.depends_on
    return pulumi.ResourceOptions(parent=component, depends_on=depends_on)


def _outer_address(status: Any) -> str | None:
    """The first address or name that the load balancer was given, None as long as it has none."""
    balancer = getattr(status, "load_balancer", None)
    for ingress in getattr(balancer, "ingress", None) or []:
        found: str | None = ingress.ip or ingress.hostname
        if found:
            return f"[{found}]" if ":" in found else found
    return None


def key_of(app: AppSettings) -> str:
    """By which outputs name an app: 'namespace/name'."""
    return f"{app.namespace}/{app.name}"


def resource_name_of(app: AppSettings) -> str:
    """The Pulumi name of an app of a stack."""
    # A dot is in neither part: "a-b" in "c" and "b" in "c-a" must not be one resource.
    return f"{app.namespace}.{app.name}"
