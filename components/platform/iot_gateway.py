"""An MQTT broker for sensors and Modbus devices, behind a Wasm filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from components.manifests.iot import (
    BRIDGE_FILE,
    bridge_container,
    bridge_settings,
    broker_container,
    filter_container,
    gateway_secrets,
    gateway_volumes,
    on_host_network,
)
from components.manifests.metadata import fingerprint
from components.manifests.mosquitto import broker_files
from components.manifests.pods import pod_spec
from components.workloads.app import App
from components.workloads.secret_values import kept_secret, secret_values
from shimyard.settings import ShimName
from shimyard.settings.platform import IoTGatewaySettings
from shimyard.settings.workloads import StrategySettings


class IoTGateway(App):
    """A pod with an MQTT broker, a bridge and a Wasm filter, and a Service before the broker.

    The bridge polls Modbus TCP devices and hears what sensors publish; each reading goes through
    the filter, a ``wasi:http`` component, and what is left is published. As in a ``HybridApp``, one
    Wasm RuntimeClass serves native containers and the Wasm one; only the wasmtime shim can.

    Broker and filter start before the bridge and end after it. A change of what they read, and of
    a password, makes the pod anew. With ``host_network`` the pod uses the machine's network; no
    other component may (docs/how-to/policies.md).

    Outputs: as ``WasmApp``; ``address`` is the broker's, ``url`` is None.
    """

    TYPE: ClassVar = "shimyard:index:IoTGateway"

    def __init__(
        self,
        resource_name: str,
        *,
        gateway: IoTGatewaySettings,
        runtime_class: pulumi.Input[str],
        shim: ShimName | None = None,
        namespace: pulumi.Input[str] | None = None,
        service_account: pulumi.Input[str] | None = None,
        pull_secrets: Sequence[pulumi.Input[str]] = (),
        open_ports: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Arguments as of ``WasmApp``. Raises ``pulumi.RunError``: the shim can't run it."""
        super().__init__(resource_name, gateway, shim=shim, namespace=namespace, opts=opts)
        files = broker_files(gateway)
        settings = {BRIDGE_FILE: bridge_settings(gateway)}
        names = {
            "broker": self._config(gateway, "broker", files),
            "bridge": self._config(gateway, "bridge", settings),
            "secret": kept_secret(
                f"{resource_name}-passwords",
                gateway,
                gateway_secrets(gateway),
                namespace=self._place,
                opts=self._child,
            ),
        }
        values = secret_values(
            resource_name,
            gateway,
            [("filter", gateway.filter.env)],
            namespace=self._place,
            opts=self._child,
        )
        spec = pod_spec(
            gateway,
            [bridge_container(gateway)],
            shim=shim,
            runtime_class=runtime_class,
            service_account=service_account,
            pull_secrets=pull_secrets,
            sidecars=[broker_container(gateway), filter_container(gateway, shim, secret=values)],
            volumes=gateway_volumes(gateway, names),
        )
        read = fingerprint("".join([*files.values(), *settings.values()]))
        annotations = {**gateway.pod_annotations, "shimyard.dev/gateway": read}
        self._deploy(
            gateway.model_copy(update={"pod_annotations": annotations}),
            on_host_network(spec) if gateway.host_network else spec,
            gateway.ports,
            open_ports=open_ports,
            # Two at a time would fight for the devices, and for the machine's ports.
            strategy=StrategySettings(type="Recreate"),
        )

    def _config(
        self, gateway: IoTGatewaySettings, part: str, files: Mapping[str, str]
    ) -> pulumi.Output[str]:
        """Name of a ConfigMap with what one container reads."""
        made = ConfigMap(
            f"{self._resource_name}-{part}",
            metadata={**self._metadata(gateway), "name": f"{gateway.name}-{part}"},
            data=dict(files),
            opts=self._child,
        )
        name: pulumi.Output[str] = made.metadata["name"]
        return name
