"""How requests from outside of the cluster reach an app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.manifests.metadata import without_empty
from shimyard.settings.platform import RouteSettings


def urls_of(routes: Sequence[RouteSettings], *, tls: bool) -> list[str]:
    """Of the routes that have a host."""
    scheme = "https" if tls else "http"
    return [f"{scheme}://{route.host}{route.path}" for route in routes if route.host is not None]


def ingress_spec(
    routes: Sequence[RouteSettings],
    *,
    service: Any,
    port: str | int,
    ingress_class: str | None = None,
    tls_secret: str | None = None,
) -> dict[str, Any]:
    """The spec of an Ingress (networking.k8s.io/v1) that leads ``routes`` to a Service's port.

    ``service``: its name, which may be a Pulumi output; ``port``: the port's name or number.
    ``tls_secret``: Secret with the certificate of all hosts; the routes name one each then.
    """
    by = "name" if isinstance(port, str) else "number"
    backend = {"service": {"name": service, "port": {by: port}}}
    paths: dict[str | None, list[dict[str, Any]]] = {}
    for route in routes:
        paths.setdefault(route.host, []).append(
            {"path": route.path, "pathType": route.path_type, "backend": backend}
        )
    hosts = [host for host in paths if host is not None]
    return without_empty(
        {
            "ingressClassName": ingress_class,
            "rules": [
                without_empty({"host": host, "http": {"paths": each}})
                for host, each in paths.items()
            ],
            "tls": [] if tls_secret is None else [{"hosts": hosts, "secretName": tls_secret}],
        }
    )
