"""Everything that a stack puts on its cluster for workloads to build on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.inputs import with_provider
from components.platform.cdn_function import CDNFunction
from components.platform.cert_manager import CertManager
from components.platform.edge_ai import EdgeAI
from components.platform.iot_gateway import IoTGateway
from components.platform.plugin_host import PluginHost
from components.platform.serverless_platform import ServerlessPlatform
from components.platform.spin_app import SpinApp
from components.platform.spin_kube import SpinKube
from components.workloads.app import key_of, resource_name_of
from components.workloads.runtime_classes import RuntimeClasses
from components.workloads.sections import of_app
from components.workloads.wasm_namespace import WasmNamespace, given_by
from shimyard.settings import StackSettings
from shimyard.settings.platform.edge_ai_rules import digests_of
from shimyard.settings.workloads import AppSettings


class Platform(pulumi.ComponentResource):
    """The add-ons and platform workloads of the settings.

    Outputs: ``cert_manager`` and ``serverless`` (None if the settings have none);
    ``plugin_hosts``, ``iot_gateways``, ``edge_ai``, ``cdn_functions`` and ``spin_apps`` (by
    namespace and name); ``summary`` (part -> what it has).
    """

    cert_manager: CertManager | None
    serverless: ServerlessPlatform | None
    plugin_hosts: dict[str, PluginHost]
    iot_gateways: dict[str, IoTGateway]
    edge_ai: dict[str, EdgeAI]
    cdn_functions: dict[str, CDNFunction]
    spin_apps: dict[str, SpinApp]
    summary: dict[str, Any]

    def __init__(
        self,
        resource_name: str,
        *,
        settings: StackSettings,
        classes: RuntimeClasses,
        namespaces: Mapping[str, WasmNamespace],
        provider: pulumi.ProviderResource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``provider``: of the cluster; default: the one in ``opts``, or the kubeconfig's.

        ``classes``: the cluster's RuntimeClasses, which pods wait for. ``namespaces``: those of
        the stack, by name.
        """
        opts = with_provider(opts, provider)
        super().__init__("shimyard:index:Platform", resource_name, None, opts)
        after = [] if opts is None or opts.depends_on is None else opts.depends_on
        waiting = after if isinstance(after, list) else [after]
        shims = {shim.handler: shim.name for shim in settings.runtime.shims}
        self.serverless = None
        self.summary = {}
        if settings.platform.serverless is not None:
            self.serverless = ServerlessPlatform(
                resource_name,
                serverless=settings.platform.serverless,
                shims=shims,
                classes=settings.runtime_classes,
                profiles=settings.security.profiles,
                signed=[
                    tenant.name
                    for tenant in settings.platform.serverless.tenants
                    if settings.security.signs(tenant.name)
                ],
                solvers=settings.platform.proves_over_http,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*waiting, classes]),
            )
            self.summary["functions"] = {
                name: function.urls for name, function in self.serverless.functions.items()
            }
        tenants = {} if self.serverless is None else self.serverless.tenants
        homes = {**namespaces, **tenants}

        def options_of(
            app: AppSettings, home: WasmNamespace | None, *more: pulumi.Resource
        ) -> pulumi.ResourceOptions:
            own = [] if home is None else [home]
            return pulumi.ResourceOptions(
                parent=self,
                depends_on=[*waiting, *more, *own],
                aliases=of_app(resource_name_of(app)),
            )

        self.cert_manager = None
        if settings.platform.cert_manager is not None:
            self.cert_manager = CertManager(
                "cert-manager",
                manager=settings.platform.cert_manager,
                registries=settings.runtime.registries,
                namespaces=homes,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*waiting]),
            )
            self.summary["certificates"] = self.cert_manager.secrets
        self.plugin_hosts = {}
        for host in settings.platform.plugin_hosts:
            home = homes.get(host.namespace)
            self.plugin_hosts[key_of(host)] = PluginHost(
                resource_name_of(host), host=host, **given_by(home), opts=options_of(host, home)
            )
        if self.plugin_hosts:
            self.summary["pluginHosts"] = {
                key: host.address for key, host in self.plugin_hosts.items()
            }
        self.iot_gateways = {}
        for gateway in settings.platform.iot_gateways:
            home = homes.get(gateway.namespace)
            self.iot_gateways[key_of(gateway)] = IoTGateway(
                resource_name_of(gateway),
                gateway=gateway,
                runtime_class=settings.runtime_classes.name_of(gateway.handler),
                shim=shims[gateway.handler],
                **given_by(home),
                opts=options_of(gateway, home, classes),
            )
        if self.iot_gateways:
            self.summary["iotGateways"] = {
                key: made.address for key, made in self.iot_gateways.items()
            }
        self.edge_ai = {}
        for index, edge_ai in enumerate(settings.platform.edge_ai):
            home = homes.get(edge_ai.namespace)
            self.edge_ai[key_of(edge_ai)] = EdgeAI(
                resource_name_of(edge_ai),
                edge_ai=edge_ai,
                digests=digests_of(settings, edge_ai, f"platform.edgeAi[{index}]"),
                classes=settings.runtime_classes,
                shim=shims[edge_ai.handler],
                profile=settings.security.profile(edge_ai.profile),
                **given_by(home),
                opts=options_of(edge_ai, home, classes),
            )
        if self.edge_ai:
            self.summary["edgeAi"] = {key: made.address for key, made in self.edge_ai.items()}
        self.cdn_functions = {}
        for cdn in settings.platform.cdn_functions:
            home = homes.get(cdn.namespace)
            self.cdn_functions[key_of(cdn)] = CDNFunction(
                resource_name_of(cdn),
                cdn=cdn,
                shim=shims[cdn.function.handler],
                # A name and not an output: a preview without the cluster would not know that.
                runtime_class=settings.runtime_classes.name_of(cdn.function.handler),
                **given_by(home),
                profile=settings.security.profile(cdn.function.profile),
                opts=options_of(cdn, home, classes),
            )
        if self.cdn_functions:
            self.summary["cdnFunctions"] = {
                key: {"address": cdn.address, "urls": cdn.urls}
                for key, cdn in self.cdn_functions.items()
            }
        self.spin_apps = self._spin(resource_name, settings, homes, [*waiting, classes])
        if self.spin_apps:
            self.summary["spinApps"] = {
                key: {"url": app.url, "urls": app.urls} for key, app in self.spin_apps.items()
            }
        self.register_outputs(self.summary)

    def _spin(
        self,
        resource_name: str,
        settings: StackSettings,
        homes: Mapping[str, WasmNamespace],
        after: Sequence[pulumi.Input[pulumi.Resource]],
    ) -> dict[str, SpinApp]:
        """SpinKube and its applications, if the settings have them."""
        spin, apps = settings.platform.spin_kube, settings.platform.spin_apps
        if spin is None:
            return {}
        certificates = [] if self.cert_manager is None else [self.cert_manager.release]
        used = [homes[name] for name in {app.namespace: None for app in apps} if name in homes]
        kube = SpinKube(
            f"{resource_name}-spin-kube",
            spin=spin,
            # Names and not outputs: a preview without the cluster would know none of those.
            runtime_classes={
                each.handler: settings.runtime_classes.name_of(each.handler)
                for each in spin.executors
            },
            uses=[(app.namespace, spin.executor_of(app)) for app in apps],
            registries=settings.runtime.registries,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*after, *used, *certificates]),
        )
        return {
            key_of(app): SpinApp(
                resource_name_of(app),
                app=app,
                executor=spin.executor_of(app),
                **given_by(homes.get(app.namespace)),
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[kube], aliases=of_app(resource_name_of(app))
                ),
            )
            for app in apps
        }
