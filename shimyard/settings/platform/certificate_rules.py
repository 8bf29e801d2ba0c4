"""Rules between cert-manager, those who ask it for certificates, and the stack's namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.platform.cert_manager import CertManagerSettings
from shimyard.settings.platform.platform import PlatformSettings
from shimyard.settings.platform.routes import IngressSettings, RouteSettings
from shimyard.settings.workloads.rules import BUILT_IN_NAMESPACE, namespaces_of

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings


def check_certificates(stack: StackSettings) -> None:
    """Raise ``FieldError`` for the first of cert-manager's settings that does not fit ``stack``."""
    manager = stack.platform.cert_manager
    if manager is None:
        return
    known = {
        BUILT_IN_NAMESPACE,
        manager.namespace,
        *(namespace.name for _, namespace in namespaces_of(stack)),
    }
    _ingresses_have_their_issuer(stack, manager)
    for place, name in _namespaces_of(manager):
        if name not in known:
            raise FieldError(
                f"platform.certManager.{place}.namespace",
                f"there is no namespace '{name}'; add it to namespaces (with existing: true, if "
                "something else makes it)",
            )


def _ingresses_have_their_issuer(stack: StackSettings, manager: CertManagerSettings) -> None:
    known = {issuer.name: issuer for issuer in manager.issuers if issuer.namespace is None}
    for field, ingresses, hosts in _ingresses_of(stack.platform):
        wanted = ingresses.tls_issuer
        if wanted is None:
            continue
        if wanted not in known:
            raise FieldError(
                f"platform.{field}.tlsIssuer",
                f"there is no issuer '{wanted}' of the cluster; platform.certManager has: "
                f"{', '.join(known) or 'none'}",
            )
        acme = known[wanted].acme
        wild = next((host for host in hosts if host.startswith("*.")), None)
        if wild is not None and acme is not None and not acme.proves_wildcards:
            raise FieldError(
                f"platform.{field}.tlsIssuer",
                f"'{wild}' can be proven by dns01 only; add such a solver to issuer '{wanted}', "
                "or name each host",
            )


def _ingresses_of(
    platform: PlatformSettings,
) -> Iterator[tuple[str, IngressSettings, list[str]]]:
    """(field, how it is reached, its hosts)."""
    serverless = platform.serverless
    if serverless is not None:
        routes = [
            route
            for _, tenant, function in serverless.functions()
            for route in serverless.routes_of(tenant, function)
        ]
        yield "serverless", serverless, _hosts(routes)
    for index, cdn in enumerate(platform.cdn_functions):
        yield f"cdnFunctions[{index}]", cdn, _hosts(cdn.routes)
    for index, app in enumerate(platform.spin_apps):
        if app.ingress is not None:
            yield f"spinApps[{index}].ingress", app.ingress, _hosts(app.ingress.routes)


def _hosts(routes: Sequence[RouteSettings]) -> list[str]:
    return [route.host for route in routes if route.host is not None]


def _namespaces_of(manager: CertManagerSettings) -> Iterator[tuple[str, str]]:
    for index, issuer in enumerate(manager.issuers):
        if issuer.namespace is not None:
            yield f"issuers[{index}]", issuer.namespace
    for index, certificate in enumerate(manager.certificates):
        yield f"certificates[{index}]", certificate.namespace
