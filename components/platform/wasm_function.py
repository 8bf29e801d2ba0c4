"""A function of a tenant."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.networking.v1 import Ingress

from components.manifests.ingresses import ingress_spec, urls_of
from components.manifests.metadata import labels, without_empty
from components.manifests.services import service_of, service_ports
from components.workloads.wasm_app import WasmApp
from shimyard.settings import ShimName
from shimyard.settings.platform import FunctionSettings, RouteSettings
from shimyard.settings.security import CapabilityProfileSettings


class WasmFunction(pulumi.ComponentResource):
    """A Wasm app with 10 to 1000 pods by their load, and an Ingress for its routes.

    Outputs: ``app`` (the WasmApp), ``urls`` (of the routes that have a host).
    """

    app: WasmApp
    urls: list[str]

    def __init__(
        self,
        resource_name: str,
        *,
        function: FunctionSettings,
        runtime_class: pulumi.Input[str],
        routes: Sequence[RouteSettings] = (),
        shim: ShimName | None = None,
        namespace: pulumi.Input[str] | None = None,
        service_account: pulumi.Input[str] | None = None,
        pull_secrets: Sequence[pulumi.Input[str]] = (),
        ingress_class: str | None = None,
        ingress_annotations: dict[str, str] | None = None,
        tls_secret: str | None = None,
        open_ports: bool = False,
        profile: CapabilityProfileSettings | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``routes``: where it answers outside of the cluster, none by default.

        ``ingress_class``, ``ingress_annotations``, ``tls_secret``: of the Ingress, as in
        ``ServerlessSettings``. All else as for a ``WasmApp``.

        Raises ``pulumi.RunError``: a route without a Service, or the function does not go together
        with the shim.
        """
        super().__init__("shimyard:index:WasmFunction", resource_name, None, opts)
        depends_on = None if opts is None else opts.depends_on
        self.app = WasmApp(
            resource_name,
            app=function,
            runtime_class=runtime_class,
            shim=shim,
            namespace=namespace,
            service_account=service_account,
            pull_secrets=pull_secrets,
            open_ports=open_ports,
            profile=profile,
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends_on),
        )
        self.urls = urls_of(routes, tls=tls_secret is not None)
        if routes:
            ports = function.ports_with(shim)
            service = service_of(function, ports)
            if service is None:
                raise pulumi.RunError(
                    f"WasmFunction '{resource_name}': routes: need a Service to lead to; add a "
                    "port to ports, or remove them"
                )
            Ingress(
                resource_name,
                metadata=without_empty(
                    {
                        "name": function.name,
                        "namespace": function.namespace if namespace is None else namespace,
                        "labels": labels(function),
                        "annotations": dict(ingress_annotations or {}),
                    }
                ),
                spec=ingress_spec(
                    routes,
                    service=self.app.service,
                    port=service_ports(service, ports)[0].name,
                    ingress_class=ingress_class,
                    tls_secret=tls_secret,
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"deployment": self.app.deployment, "urls": self.urls})
