"""Rules between cert-manager, those who ask it for certificates, and the stack's namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.platform.cert_manager import CertManagerSettings
from shimyard.settings.platform.platform import PlatformSettings
from shimyard.settings.platform.routes import IngressSettings
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
    has_its_own_namespace("certManager", "cert-manager", manager.namespace, stack)
    _ingresses_have_their_issuer(stack, manager)
    for place, name in _namespaces_of(manager):
        if name not in known:
            raise FieldError(
                f"platform.certManager.{place}.namespace",
                f"there is no namespace '{name}'; add it to namespaces (with existing: true, if "
                "something else makes it)",
            )


def has_its_own_namespace(part: str, title: str, name: str, stack: StackSettings) -> None:
    """An add-on's namespace goes with it, so it is nobody else's."""
    for field, namespace in namespaces_of(stack):
        if namespace.name == name:
            raise FieldError(
                f"{field}.name",
                f"'{name}' is {title}'s own; remove the entry, or set "
                f"platform.{part}.namespace to another",
            )
    if name == BUILT_IN_NAMESPACE:
        raise FieldError(
            f"platform.{part}.namespace",
            f"'{BUILT_IN_NAMESPACE}' is in every cluster already; choose one of its own",
        )


def _ingresses_have_their_issuer(stack: StackSettings, manager: CertManagerSettings) -> None:
    known = [issuer.name for issuer in manager.issuers if issuer.namespace is None]
    for field, ingresses in _ingresses_of(stack.platform):
        wanted = ingresses.tls_issuer
        if wanted is not None and wanted not in known:
            raise FieldError(
                f"platform.{field}.tlsIssuer",
                f"there is no issuer '{wanted}' of the cluster; platform.certManager has: "
                f"{', '.join(known) or 'none'}",
            )


def _ingresses_of(platform: PlatformSettings) -> Iterator[tuple[str, IngressSettings]]:
    if platform.serverless is not None:
        yield "serverless", platform.serverless
    for index, cdn in enumerate(platform.cdn_functions):
        yield f"cdnFunctions[{index}]", cdn
    for index, app in enumerate(platform.spin_apps):
        if app.ingress is not None:
            yield f"spinApps[{index}].ingress", app.ingress


def _namespaces_of(manager: CertManagerSettings) -> Iterator[tuple[str, str]]:
    for index, issuer in enumerate(manager.issuers):
        if issuer.namespace is not None:
            yield f"issuers[{index}]", issuer.namespace
    for index, certificate in enumerate(manager.certificates):
        yield f"certificates[{index}]", certificate.namespace
