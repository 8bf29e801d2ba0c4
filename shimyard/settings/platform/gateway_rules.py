"""Rules between gateways and the namespaces that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.platform.iot import IoTGatewaySettings
from shimyard.settings.workloads.namespaces import NamespaceSettings
from shimyard.settings.workloads.rules import namespaces_of

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings


def check_gateways(stack: StackSettings) -> None:
    """Raise ``FieldError`` for the first gateway that its namespace would not let work."""
    namespaces = {namespace.name: namespace for _, namespace in namespaces_of(stack)}
    for index, gateway in enumerate(stack.platform.iot_gateways):
        namespace = namespaces.get(gateway.namespace)
        if namespace is not None:
            _is_let_be(f"platform.iotGateways[{index}]", gateway, namespace)


def _is_let_be(field: str, gateway: IoTGatewaySettings, namespace: NamespaceSettings) -> None:
    if gateway.host_network:
        if namespace.enforced in ("baseline", "restricted"):
            raise FieldError(
                f"{field}.hostNetwork",
                f"the namespace '{namespace.name}' enforces '{namespace.enforced}' pod security, "
                "which refuses the machine's network; set its podSecurity.enforce to privileged",
            )
        return
    policy = namespace.network_policy
    if policy is None or not policy.deny_egress:
        return
    for index, device in enumerate(gateway.devices):
        if device.is_address:
            raise FieldError(
                f"{field}.devices[{index}].host",
                f"the network policy of '{namespace.name}' lets its pods connect to nothing "
                f"outside, as {device.host} is; set its denyEgress to false",
            )
