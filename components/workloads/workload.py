"""What a workload of any kind has around its pods: a place, a Service, a way in."""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi
from pulumi_kubernetes.core.v1 import Service
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.manifests.metadata import labels, without_empty
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
    PodsSettings,
    PortSettings,
    ServiceSettings,
    WasmPodsSettings,
)


class Workload(pulumi.ComponentResource):
    """Pods in the cluster, whatever makes them, and how they are reached.

    Outputs: ``service`` (name, None if it has none), ``address`` (host name inside the cluster, or
    a LoadBalancer's outer address, None without a Service), ``url`` (None if no port says that it
    speaks HTTP).
    """

    TYPE: ClassVar[str]

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

    def _reach(
        self, app: PodsSettings, ports: list[PortSettings], *, open_ports: bool
    ) -> dict[str, pulumi.Output[Any]]:
        """Make what leads to the pods; the outputs that tell of it.

        ``open_ports``: let anybody connect, in a namespace that is closed by default.
        """
        none: pulumi.Output[str | None] = pulumi.Output.from_input(None)
        self.service = self.address = self.url = none
        service = service_of(app, ports)
        if service is not None:
            self._expose(app, service, ports)
            if open_ports:
                NetworkPolicy(
                    self._resource_name,
                    metadata=self._metadata(app),
                    spec=open_ports_spec(app, service, ports),
                    opts=self._child,
                )
        return {"service": self.service, "address": self.address, "url": self.url}

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
