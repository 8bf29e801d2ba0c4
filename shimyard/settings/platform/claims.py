"""No two parts of a stack claim one object: the later would take it over, and end it for both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.platform.entrances import entrances_of
from shimyard.settings.security.signatures import CONTROLLER_NAMESPACE
from shimyard.settings.workloads.namespaces import POLICIES
from shimyard.settings.workloads.rules import (
    BUILT_IN_NAMESPACES,
    all_apps_of,
    namespaces_of,
)

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings


def check_claims(stack: StackSettings) -> None:
    """Raise ``FieldError`` for the first object that something else of ``stack`` has already."""
    _add_ons_have_their_own_namespaces(stack)
    _no_app_is_called_as_a_policy(stack)
    _each_secret_has_one_writer(stack)
    _each_route_leads_to_one(stack)


def _add_ons_have_their_own_namespaces(stack: StackSettings) -> None:
    """An add-on's namespace goes with it, so it is nobody else's."""
    owners: dict[str, str] = {}
    if stack.security.signed_images is not None:
        owners[CONTROLLER_NAMESPACE] = "the signature controller"
    for part, title, name in _add_ons(stack):
        field = f"platform.{part}.namespace"
        for place, namespace in namespaces_of(stack):
            if namespace.name == name:
                raise FieldError(
                    f"{place}.name",
                    f"'{name}' is {title}'s own; remove the entry, or set {field} to another",
                )
        if name in BUILT_IN_NAMESPACES:
            raise FieldError(field, f"'{name}' is in every cluster already; choose one of its own")
        if name in owners:
            raise FieldError(
                field, f"'{name}' is that of {owners[name]}, and goes with it; choose another"
            )
        owners[name] = title


def _add_ons(stack: StackSettings) -> Iterator[tuple[str, str, str]]:
    """(part of the platform, title, namespace)."""
    platform = stack.platform
    if platform.cert_manager is not None:
        yield "certManager", "cert-manager", platform.cert_manager.namespace
    if platform.spin_kube is not None:
        yield "spinKube", "SpinKube", platform.spin_kube.namespace


def _no_app_is_called_as_a_policy(stack: StackSettings) -> None:
    """What opens an app's ports has the app's name, among the policies of its namespace."""
    taken = {*POLICIES, *(profile.policy_name for profile in stack.security.profiles)}
    for field, app in all_apps_of(stack):
        if app.name in taken:
            raise FieldError(
                f"{field}.name", f"'{app.name}' is a NetworkPolicy of namespaces; choose another"
            )


def _each_secret_has_one_writer(stack: StackSettings) -> None:
    writers: dict[tuple[str, str], str] = {}
    for field, place, name in _secrets(stack):
        if (place, name) in writers:
            raise FieldError(
                field,
                f"would be in Secret '{name}' of namespace '{place}', where that of "
                f"{writers[place, name]} is already; choose another name",
            )
        writers[place, name] = field


def _secrets(stack: StackSettings) -> Iterator[tuple[str, str, str]]:
    """(field, namespace, name) of the Secrets that cert-manager's section brings about."""
    manager = stack.platform.cert_manager
    if manager is None:
        return
    for index, issuer in enumerate(manager.issuers):
        acme, place = issuer.acme, manager.secrets_of(issuer)
        if acme is None:
            continue
        field = f"platform.certManager.issuers[{index}].acme"
        for name in acme.secrets:
            yield f"{field}.secrets.{name}", place, name
        if acme.external_account is not None:
            yield f"{field}.externalAccount", place, issuer.external_account_secret
        # One that is named may be shared: it is then one account of several issuers.
        if acme.account_secret is None:
            yield field, place, issuer.account_secret
    for index, certificate in enumerate(manager.certificates):
        field = f"platform.certManager.certificates[{index}].secretName"
        yield field, certificate.namespace, certificate.secret
    for each in entrances_of(stack):
        secret = each.settings.tls_secret_of(each.app.name)
        if each.settings.tls_issuer is not None and secret is not None and each.routes:
            yield f"{each.field}.name", each.app.namespace, secret


def _each_route_leads_to_one(stack: StackSettings) -> None:
    taken: dict[tuple[str | None, str | None, str, str], str] = {}
    for each in entrances_of(stack):
        for place, route in each.routes:
            claim = (each.settings.ingress_class, route.host, route.path, route.path_type)
            if claim in taken:
                raise FieldError(
                    place,
                    f"{route.host or 'every host'}{route.path} leads to {taken[claim]} already; "
                    "give each its own host or path",
                )
            taken[claim] = each.field
