"""The Service of an app, and what opens it in a closed namespace."""

from __future__ import annotations

from typing import Any

from components.manifests.metadata import selector, without_empty
from shimyard.settings.workloads import (
    AppSettings,
    PodsSettings,
    PortSettings,
    ServicePortSettings,
    ServiceSettings,
)


def service_of(app: PodsSettings, ports: list[PortSettings]) -> ServiceSettings | None:
    """The app's Service, or None if it gets none."""
    if app.service is None:
        return ServiceSettings() if ports else None
    return None if app.service.type == "None" else app.service


def service_ports(service: ServiceSettings, ports: list[PortSettings]) -> list[ServicePortSettings]:
    """The Service's ports: its own, or each of the container's under its own number."""
    if service.ports is not None:
        return service.ports
    return [
        ServicePortSettings(name=port.name, port=port.container_port, protocol=port.protocol)
        for port in ports
    ]


def service_spec(
    app: PodsSettings, service: ServiceSettings, ports: list[PortSettings]
) -> dict[str, Any]:
    """The spec of a Service of any type."""
    headless = service.type == "Headless"
    names = {port.name for port in ports}
    return without_empty(
        {
            "type": "ClusterIP" if headless else service.type,
            "clusterIP": "None" if headless else None,
            "selector": selector(app),
            "ports": [
                {
                    **port.model_dump(by_alias=True, exclude_none=True),
                    "targetPort": _target(port, names),
                }
                for port in service_ports(service, ports)
            ],
            "externalTrafficPolicy": service.external_traffic_policy,
            "internalTrafficPolicy": service.internal_traffic_policy,
            "trafficDistribution": service.traffic_distribution,
            "sessionAffinity": service.session_affinity,
            "loadBalancerClass": service.load_balancer_class,
            "loadBalancerSourceRanges": list(service.load_balancer_source_ranges),
            "ipFamilyPolicy": service.ip_family_policy,
            "publishNotReadyAddresses": service.publish_not_ready_addresses or None,
        }
    )


def url_scheme(port: ServicePortSettings) -> str | None:
    """'http' or 'https' if the port says so by its name or protocol, else None."""
    for text in (port.app_protocol or "", port.name):
        for scheme in ("https", "http"):
            if text == scheme or text.startswith(f"{scheme}-"):
                return scheme
    return None


def open_ports_spec(
    app: AppSettings, service: ServiceSettings, ports: list[PortSettings]
) -> dict[str, Any]:
    """A NetworkPolicy's spec: anybody may connect to the ports that the Service leads to."""
    names = {port.name for port in ports}
    return {
        "podSelector": {"matchLabels": selector(app)},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "ports": [
                    {"port": _target(port, names), "protocol": port.protocol}
                    for port in service_ports(service, ports)
                ]
            }
        ],
    }


def _target(port: ServicePortSettings, names: set[str]) -> int | str:
    if port.target_port is not None:
        return port.target_port
    return port.name if port.name in names else port.port
