"""Rules between CDN functions and the namespaces that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shimyard.settings.base import FieldError
from shimyard.settings.workloads.rules import namespaces_of

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings


def check_origins(stack: StackSettings) -> None:
    """Raise ``FieldError`` for the first origin that its namespace lets nobody connect to."""
    policies = {each.name: each.network_policy for _, each in namespaces_of(stack)}
    for index, cdn in enumerate(stack.platform.cdn_functions):
        policy = policies.get(cdn.namespace)
        # A profile has hosts of its own, beside what the namespace allows.
        if policy is None or not policy.deny_egress or cdn.function.profile is not None:
            continue
        host = urlsplit(cdn.origin).hostname or ""
        if policy.allow_same_namespace and _is_in(host, cdn.namespace):
            continue
        raise FieldError(
            f"platform.cdnFunctions[{index}].origin",
            f"the network policy of '{cdn.namespace}' lets its pods connect to nothing outside, as "
            f"{host} is; set its denyEgress to false, or give the function a profile with that "
            "host",
        )


def _is_in(host: str, namespace: str) -> bool:
    """Whether ``host`` is a Service of the namespace: 'shop', 'shop.web', 'shop.web.svc'."""
    return host.split(".")[1:3] in ([], [namespace], [namespace, "svc"])
