"""A serverless platform for tenants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pulumi

from components.platform.wasm_function import WasmFunction
from components.workloads.app import key_of, resource_name_of
from components.workloads.sections import of_namespace
from components.workloads.wasm_namespace import WasmNamespace, given_by
from shimyard.settings import RuntimeClassesSettings, ShimName
from shimyard.settings.platform import FunctionSettings, ServerlessSettings, TenantSettings
from shimyard.settings.security import CapabilityProfileSettings
from shimyard.settings.security.rules import profiles_in


class ServerlessPlatform(pulumi.ComponentResource):
    """A namespace with a quota for each tenant, and its functions.

    Outputs: ``tenants`` (name -> WasmNamespace), ``functions`` ('tenant/name' -> WasmFunction).
    """

    tenants: dict[str, WasmNamespace]
    functions: dict[str, WasmFunction]

    def __init__(
        self,
        resource_name: str,
        *,
        serverless: ServerlessSettings,
        shims: Mapping[str, ShimName],
        classes: RuntimeClassesSettings,
        profiles: Sequence[CapabilityProfileSettings] = (),
        signed: Collection[str] = (),
        solvers: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``shims``: handler -> shim; ``classes``: what the handlers' RuntimeClasses are called.

        ``profiles``: the capability profiles that functions name. ``signed``: names of tenants
        whose pods need signed images. ``solvers``: as of ``WasmNamespace``.

        ``opts``: with the Kubernetes provider; functions wait for what it depends on.
        """
        super().__init__("shimyard:index:ServerlessPlatform", resource_name, None, opts)
        self._serverless, self._shims, self._classes = serverless, shims, classes
        self._profiles = {each.name: each for each in profiles}
        self._after = [] if opts is None else opts.depends_on
        self.tenants = {}
        self.functions = {}
        for tenant in serverless.tenants:
            named = {function.profile for function in tenant.functions}
            self.tenants[tenant.name] = WasmNamespace(
                tenant.name,
                namespace=tenant.model_copy(update={"quota": tenant.share}),
                profiles=profiles_in(tenant.name, named, profiles),
                signed=tenant.name in signed,
                solvers=solvers,
                opts=pulumi.ResourceOptions(parent=self, aliases=of_namespace(tenant.name)),
            )
            for function in tenant.functions:
                self.functions[key_of(function)] = self._function(tenant, function)
        self.register_outputs(
            {"functions": {name: each.urls for name, each in self.functions.items()}}
        )

    def _function(self, tenant: TenantSettings, function: FunctionSettings) -> WasmFunction:
        serverless, home = self._serverless, self.tenants[tenant.name]
        after = self._after if isinstance(self._after, list) else [self._after]
        return WasmFunction(
            resource_name_of(function),
            function=function,
            routes=serverless.routes_of(tenant, function),
            shim=self._shims[function.handler],
            # Names and not outputs: a preview without the cluster would know none of those.
            runtime_class=self._classes.name_of(function.handler),
            **given_by(home),
            ingress=serverless,
            profile=self._profiles.get(function.profile or ""),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*after, home]),
        )
