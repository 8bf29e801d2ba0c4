"""What every app becomes, whatever its containers: Deployment, Service, autoscaler, budget."""

from __future__ import annotations

from typing import Any

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
from shimyard.settings.workloads import (
    PodsSettings,
    PortSettings,
    ServiceSettings,
    StrategySettings,
)


class Deployed:
    """The objects of an app, as children of its component.

    Attributes: ``deployment`` (name), ``service`` (name, None if it has none), ``address`` (host
    name inside the cluster, or a LoadBalancer's outer address, None without a Service), ``url``
    (None if no port says that it speaks HTTP).
    """

    deployment: pulumi.Output[str]
    service: pulumi.Output[str | None]
    address: pulumi.Output[str | None]
    url: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        app: PodsSettings,
        pod_spec: dict[str, Any],
        ports: list[PortSettings],
        *,
        namespace: pulumi.Input[str],
        open_ports: bool,
        opts: pulumi.ResourceOptions,
        strategy: StrategySettings | None = None,
    ) -> None:
        """``open_ports``: let anybody connect, in a namespace that is closed by default."""
        self._name, self._namespace, self._opts = resource_name, namespace, opts
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

    def outputs(self) -> dict[str, Any]:
        """What a component registers."""
        return {
            "deployment": self.deployment,
            "service": self.service,
            "address": self.address,
            "url": self.url,
        }

    def _metadata(self, app: PodsSettings) -> dict[str, Any]:
        return {"name": app.name, "namespace": self._namespace, "labels": labels(app)}

    def _expose(
        self, app: PodsSettings, service: ServiceSettings, ports: list[PortSettings]
    ) -> None:
        metadata = self._metadata(app)
        # A provider waits for a Service's first pod, which an app without pods never has.
        patience = {} if app.fewest_pods else {"pulumi.com/skipAwait": "true"}
        made = Service(
            self._name,
            metadata=without_empty(
                {
                    **metadata,
                    "labels": {**service.labels, **metadata["labels"]},
                    "annotations": {**service.annotations, **patience},
                }
            ),
            spec=service_spec(app, service, ports),
            opts=self._opts,
        )
        self.service = made.metadata["name"]
        if service.type == "LoadBalancer":
            self.address = made.status.apply(_outer_address)
        else:
            # Without the cluster's domain, which only the cluster knows; its DNS adds it.
            self.address = pulumi.Output.concat(app.name, ".", self._namespace, ".svc")
        first = service_ports(service, ports)[0]
        scheme = url_scheme(first)
        if scheme is not None:
            plain = {"http": 80, "https": 443}[scheme] == first.port
            port = "" if plain else f":{first.port}"
            self.url = self.address.apply(
                lambda host: None if host is None else f"{scheme}://{host}{port}"
            )


def waiting_child(
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
