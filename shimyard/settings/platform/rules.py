"""Rules between a stack's platform and the rest of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.platform.cert_manager import CertManagerSettings
from shimyard.settings.platform.spin import SpinKubeSettings
from shimyard.settings.workloads.rules import BUILT_IN_NAMESPACE, namespaces_of, spin_apps_of

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
    _has_a_namespace("certManager", "cert-manager", manager.namespace, stack)
    _functions_have_their_issuer(stack, manager)
    for place, name in _namespaces_of(manager):
        if name not in known:
            raise FieldError(
                f"platform.certManager.{place}.namespace",
                f"there is no namespace '{name}'; add it to namespaces (with existing: true, if "
                "something else makes it)",
            )


def check_spin(stack: StackSettings) -> None:
    """Raise ``FieldError`` if SpinKube, or one of its applications, lacks what it needs."""
    spin = stack.platform.spin_kube
    if spin is None:
        for field, app in spin_apps_of(stack):
            raise FieldError(
                field, f"'{app.name}' needs SpinKube's operator to run it; add platform.spinKube"
            )
        return
    _has_a_namespace("spinKube", "SpinKube", spin.namespace, stack)
    if spin.cert_manager == "stack" and stack.platform.cert_manager is None:
        raise FieldError(
            "platform.spinKube",
            "needs cert-manager, which makes the certificate of its webhooks; add "
            "platform.certManager, or set certManager: external if somebody else has put it there",
        )
    _executors_have_their_shim(spin, stack)
    known = [executor.name for executor in spin.executors]
    for field, app in spin_apps_of(stack):
        if spin.executor_of(app) not in known:
            raise FieldError(
                f"{field}.executor",
                f"there is no executor '{app.executor}'; platform.spinKube has: {', '.join(known)}",
            )


def _executors_have_their_shim(spin: SpinKubeSettings, stack: StackSettings) -> None:
    able = [shim.handler for shim in stack.runtime.shims if shim.name == "spin"]
    for index, executor in enumerate(spin.executors):
        if executor.handler not in able:
            mend = f"write {' or '.join(able)}" if able else "add one to runtime.shims"
            raise FieldError(
                f"platform.spinKube.executors[{index}].handler",
                f"'{executor.handler}' is the handler of no spin shim; {mend}",
            )


def _has_a_namespace(part: str, title: str, name: str, stack: StackSettings) -> None:
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


def _functions_have_their_issuer(stack: StackSettings, manager: CertManagerSettings) -> None:
    wanted = None if stack.platform.serverless is None else stack.platform.serverless.tls_issuer
    known = [issuer.name for issuer in manager.issuers if issuer.namespace is None]
    if wanted is not None and wanted not in known:
        raise FieldError(
            "platform.serverless.tlsIssuer",
            f"there is no issuer '{wanted}' of the cluster; platform.certManager has: "
            f"{', '.join(known) or 'none'}",
        )


def _namespaces_of(manager: CertManagerSettings) -> Iterator[tuple[str, str]]:
    for index, issuer in enumerate(manager.issuers):
        if issuer.namespace is not None:
            yield f"issuers[{index}]", issuer.namespace
    for index, certificate in enumerate(manager.certificates):
        yield f"certificates[{index}]", certificate.namespace
