"""Rules between cert-manager, those who ask it for certificates, and the stack's namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.platform.cert_manager import CertManagerSettings
from shimyard.settings.platform.entrances import entrances_of
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
    named = {each.settings_field: each.settings.tls_issuer for each in entrances_of(stack)}
    if stack.platform.serverless is not None:
        # It may have no function yet.
        named["platform.serverless"] = stack.platform.serverless.tls_issuer
    for field, wanted in named.items():
        if wanted is not None and wanted not in known:
            raise FieldError(
                f"{field}.tlsIssuer",
                f"there is no issuer '{wanted}' of the cluster; platform.certManager has: "
                f"{', '.join(known) or 'none'}",
            )
    for each in entrances_of(stack):
        acme = None if each.settings.tls_issuer is None else known[each.settings.tls_issuer].acme
        hosts = (route.host for _, route in each.routes)
        wild = next((host for host in hosts if host is not None and host.startswith("*.")), None)
        if wild is not None and acme is not None and not acme.proves_wildcards:
            raise FieldError(
                f"{each.settings_field}.tlsIssuer",
                f"'{wild}' can be proven by dns01 only; add such a solver to issuer "
                f"'{each.settings.tls_issuer}', or name each host",
            )


def _namespaces_of(manager: CertManagerSettings) -> Iterator[tuple[str, str]]:
    for index, issuer in enumerate(manager.issuers):
        if issuer.namespace is not None:
            yield f"issuers[{index}]", issuer.namespace
    for index, certificate in enumerate(manager.certificates):
        yield f"certificates[{index}]", certificate.namespace
