"""Everything that a stack runs inside its cluster."""

from __future__ import annotations

from typing import Any

import pulumi

from components.inputs import with_provider
from components.workloads.app import key_of, resource_name_of
from components.workloads.hybrid_app import HybridApp
from components.workloads.runtime_classes import RuntimeClasses
from components.workloads.sections import of_app, of_namespace
from components.workloads.wasm_app import WasmApp
from components.workloads.wasm_namespace import WasmNamespace, given_by
from shimyard.settings import StackSettings
from shimyard.settings.security.rules import profiles_of
from shimyard.settings.workloads import WasmPodsSettings


class Workloads(pulumi.ComponentResource):
    """The RuntimeClasses, namespaces, Wasm apps and hybrid apps of the settings.

    Outputs: ``classes`` (RuntimeClasses), ``runtime_classes`` (handler -> name of its
    RuntimeClass), ``namespaces`` (name -> WasmNamespace), ``apps`` ('namespace/name' -> WasmApp
    or HybridApp), ``summary`` ('namespace/name' -> deployment, service, address, url of the app).
    """

    classes: RuntimeClasses
    runtime_classes: dict[str, pulumi.Output[str]]
    namespaces: dict[str, WasmNamespace]
    apps: dict[str, WasmApp | HybridApp]
    summary: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        resource_name: str,
        *,
        settings: StackSettings,
        provider: pulumi.ProviderResource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``provider``: of the cluster; default: the one in ``opts``, or the kubeconfig's."""
        opts = with_provider(opts, provider)
        super().__init__("shimyard:index:Workloads", resource_name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.classes = RuntimeClasses(
            resource_name,
            runtime=settings.runtime,
            classes=settings.runtime_classes,
            opts=child,
        )
        self._names = settings.runtime_classes
        self.runtime_classes = self.classes.names
        self.namespaces = {
            namespace.name: WasmNamespace(
                namespace.name,
                namespace=namespace,
                profiles=profiles_of(settings, namespace.name),
                signed=settings.security.signs(namespace.name),
                solvers=settings.platform.proves_over_http,
                opts=pulumi.ResourceOptions(parent=self, aliases=of_namespace(namespace.name)),
            )
            for namespace in settings.namespaces
        }
        shims = {shim.handler: shim.name for shim in settings.runtime.shims}
        self.apps = {}
        for app in settings.apps:
            self.apps[key_of(app)] = WasmApp(
                resource_name_of(app),
                app=app,
                shim=shims[app.handler],
                profile=settings.security.profile(app.profile),
                **self._place(app),
            )
        for hybrid in settings.hybrid_apps:
            self.apps[key_of(hybrid)] = HybridApp(
                resource_name_of(hybrid),
                app=hybrid,
                shim=shims[hybrid.handler],
                **self._place(hybrid),
            )
        self.summary = pulumi.Output.from_input(
            {
                key: {
                    "deployment": app.deployment,
                    "service": app.service,
                    "address": app.address,
                    "url": app.url,
                }
                for key, app in self.apps.items()
            }
        )
        self.register_outputs({"runtimeClasses": self.runtime_classes, "apps": self.summary})

    def _place(self, app: WasmPodsSettings) -> dict[str, Any]:
        """Where an app runs, and what must be there before its first pod."""
        home = self.namespaces.get(app.namespace)
        return {
            # Names and not outputs: a preview without the cluster would know none of those.
            "runtime_class": self._names.name_of(app.handler),
            **given_by(home),
            "opts": pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.classes, *([] if home is None else [home])],
                aliases=of_app(resource_name_of(app)),
            ),
        }
