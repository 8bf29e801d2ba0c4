"""Rules between a stack's platform and the rest of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.platform.cert_manager import CertManagerSettings
from shimyard.settings.workloads.rules import BUILT_IN_NAMESPACE, namespaces_of

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings


def check_certificates(stack: StackSettings) -> None:
    """Raise ``FieldError`` for the first of cert-manager's settings that does not fit ``stack``."""
    manager = stack.platform.cert_manager
    if manager is None:
        return
    known = {BUILT_IN_NAMESPACE, manager.namespace}
    for field, namespace in namespaces_of(stack):
        if namespace.name == manager.namespace:
            raise FieldError(
                f"{field}.name",
                f"'{namespace.name}' is cert-manager's own; remove the entry, or set "
                "platform.certManager.namespace to another",
            )
        known.add(namespace.name)
    if manager.namespace == BUILT_IN_NAMESPACE:
        raise FieldError(
            "platform.certManager.namespace",
            f"'{BUILT_IN_NAMESPACE}' is in every cluster already; choose one of its own",
        )
    for place, name in _namespaces_of(manager):
        if name not in known:
            raise FieldError(
                f"platform.certManager.{place}.namespace",
                f"there is no namespace '{name}'; add it to namespaces (with existing: true, if "
                "something else makes it)",
            )


def _namespaces_of(manager: CertManagerSettings) -> Iterator[tuple[str, str]]:
    for index, issuer in enumerate(manager.issuers):
        if issuer.namespace is not None:
            yield f"issuers[{index}]", issuer.namespace
    for index, certificate in enumerate(manager.certificates):
        yield f"certificates[{index}]", certificate.namespace
