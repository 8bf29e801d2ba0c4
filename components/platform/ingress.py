"""The Ingress of what answers at routes."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.networking.v1 import Ingress

from components.manifests.ingresses import ingress_spec, urls_of
from components.manifests.metadata import labels, without_empty
from components.manifests.services import service_of, service_ports
from shimyard.settings.platform import IngressSettings, RouteSettings
from shimyard.settings.workloads import AppSettings, PodsSettings, PortSettings


def make_ingress(
    parent: pulumi.ComponentResource,
    resource_name: str,
    app: PodsSettings,
    *,
    ports: list[PortSettings],
    routes: Sequence[RouteSettings],
    settings: IngressSettings,
    namespace: pulumi.Input[str],
    service: pulumi.Input[str | None],
) -> list[str]:
    """Lead ``routes`` to the app's first port by its ``service``; the URLs that have a host.

    Without routes there is no Ingress. Raises ``pulumi.RunError``: the app has no Service.
    """
    if not routes:
        return []
    described = service_of(app, ports)
    if described is None:
        raise pulumi.RunError(
            f"{type(parent).__name__} '{resource_name}': routes: need a Service to lead to; add a "
            "port to ports, or remove them"
        )
    return lead_to(
        service,
        service_ports(described, ports)[0].name,
        resource_name,
        app,
        routes=routes,
        settings=settings,
        namespace=namespace,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def lead_to(
    service: pulumi.Input[str | None],
    port: str | int,
    resource_name: str,
    app: AppSettings,
    *,
    routes: Sequence[RouteSettings],
    settings: IngressSettings,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> list[str]:
    """An Ingress by the app's name to a port of a Service; the URLs that have a host."""
    secret = settings.tls_secret_of(app.name)
    Ingress(
        resource_name,
        metadata=without_empty(
            {
                "name": app.name,
                "namespace": namespace,
                "labels": labels(app),
                "annotations": settings.with_issuer,
            }
        ),
        spec=ingress_spec(
            routes,
            service=service,
            port=port,
            ingress_class=settings.ingress_class,
            tls_secret=secret,
        ),
        opts=opts,
    )
    return urls_of(routes, tls=secret is not None)
