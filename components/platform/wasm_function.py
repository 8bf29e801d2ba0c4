"""A function of a tenant."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.platform.ingress import make_ingress
from components.workloads.sections import of_app
from components.workloads.wasm_app import WasmApp
from shimyard.settings import ShimName
from shimyard.settings.platform import FunctionSettings, IngressSettings, RouteSettings
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
        ingress: IngressSettings | None = None,
        open_ports: bool = False,
        profile: CapabilityProfileSettings | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``routes``: where it answers outside of the cluster, none by default.

        ``ingress``: who serves the routes, and how. All else as for a ``WasmApp``.

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
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=depends_on, aliases=of_app(resource_name)
            ),
        )
        self.urls = make_ingress(
            self,
            resource_name,
            function,
            ports=function.ports_with(shim),
            routes=routes,
            settings=ingress or IngressSettings(),
            namespace=function.namespace if namespace is None else namespace,
            service=self.app.service,
        )
        self.register_outputs({"deployment": self.app.deployment, "urls": self.urls})
