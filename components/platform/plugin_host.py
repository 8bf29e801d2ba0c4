"""Plugins of many tenants in one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from components.manifests.metadata import fingerprint
from components.manifests.plugins import SETTINGS_FILE, host_container, host_settings, host_volumes
from components.manifests.pods import pod_spec
from components.workloads.app import App
from shimyard.settings.platform import PluginHostSettings


class PluginHost(App):
    """A Deployment of a program that runs the plugins of many tenants, and a Service before it.

    ``/TENANT/PATH`` is ``/PATH`` of that tenant's plugin, a ``wasi:http`` component. Each request
    has an instance of its own, which ends with it. What a plugin may use and reach is what its
    settings say; the host has them from a ConfigMap and starts anew when they change. Plugins are
    mounted as image volumes, for which kubelets must be 1.35 or newer.

    Outputs: as ``WasmApp``.
    """

    TYPE: ClassVar = "shimyard:index:PluginHost"

    def __init__(
        self,
        resource_name: str,
        *,
        host: PluginHostSettings,
        namespace: pulumi.Input[str] | None = None,
        service_account: pulumi.Input[str] | None = None,
        pull_secrets: Sequence[pulumi.Input[str]] = (),
        open_ports: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Arguments as of ``WasmApp``, but no RuntimeClass: the host is no Wasm itself."""
        super().__init__(resource_name, host, shim=None, namespace=namespace, opts=opts)
        text = host_settings(host)
        # A name for each text: the old one goes after the pods that read it, not before.
        settings = ConfigMap(
            resource_name,
            metadata={**self._metadata(host), "name": f"{host.name}-plugins-{fingerprint(text)}"},
            data={SETTINGS_FILE: text},
            opts=self._child,
        )
        spec = pod_spec(
            host,
            [host_container(host)],
            shim=None,
            runtime_class=None,
            service_account=service_account,
            pull_secrets=pull_secrets,
            volumes=host_volumes(host, settings.metadata["name"]),
        )
        self._deploy(host, spec, host.ports, open_ports=open_ports)
