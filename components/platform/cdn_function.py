"""A Wasm function at the edge, with a cache before it and an origin behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from components.manifests.cdn import CONFIG_FILE, cache_config, cache_container, cache_volumes
from components.manifests.metadata import fingerprint
from components.manifests.pods import pod_spec
from components.manifests.services import service_of, service_ports
from components.platform.ingress import make_ingress
from components.workloads.app import App
from components.workloads.sections import of_app
from components.workloads.wasm_app import WasmApp
from shimyard.settings import ShimName
from shimyard.settings.platform import CdnFunctionSettings
from shimyard.settings.security import CapabilityProfileSettings
from shimyard.settings.workloads import EnvSettings


class CDNFunction(App):
    """A Deployment of nginx that keeps answers, before a ``WasmApp`` that asks the origin.

    Cache and function are Deployments of their own: the cache stays warm when the function's pods
    come and go, and of many clients who ask at once, one gets through to any of them.

    Outputs: as ``WasmApp``, of the cache; ``function`` (the WasmApp), ``urls`` (of the routes that
    have a host).
    """

    TYPE: ClassVar = "shimyard:index:CDNFunction"

    function: WasmApp
    urls: list[str]

    def __init__(
        self,
        resource_name: str,
        *,
        cdn: CdnFunctionSettings,
        runtime_class: pulumi.Input[str],
        shim: ShimName | None = None,
        namespace: pulumi.Input[str] | None = None,
        service_account: pulumi.Input[str] | None = None,
        pull_secrets: Sequence[pulumi.Input[str]] = (),
        open_ports: bool = False,
        profile: CapabilityProfileSettings | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Arguments as of ``WasmApp``; ``profile`` is the function's, and the cache has none.

        Raises ``pulumi.RunError``: the function has no Service, or does not go together with the
        shim or its profile.
        """
        super().__init__(resource_name, cdn, shim=None, namespace=namespace, opts=opts)
        function, origin = cdn.function, EnvSettings(name=cdn.function.origin_env, value=cdn.origin)
        ports = function.ports_with(shim)
        service = service_of(function, ports)
        if service is None:
            raise pulumi.RunError(
                f"CDNFunction '{resource_name}': function.ports: are needed by the cache; state "
                "where the function serves HTTP"
            )
        depends_on = None if opts is None else opts.depends_on
        self.function = WasmApp(
            f"{resource_name}-function",
            app=function.model_copy(update={"env": [origin, *function.env]}),
            runtime_class=runtime_class,
            shim=shim,
            namespace=namespace,
            service_account=service_account,
            pull_secrets=pull_secrets,
            profile=profile,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=depends_on, aliases=of_app(f"{resource_name}-function")
            ),
        )
        text = cache_config(cdn, service_ports(service, ports)[0].port)
        # A name for each text: the old one goes after the pods that read it, not before.
        config = ConfigMap(
            resource_name,
            metadata={**self._metadata(cdn), "name": f"{cdn.name}-cache-{fingerprint(text)}"},
            data={CONFIG_FILE: text},
            opts=self._child,
        )
        spec = pod_spec(
            cdn,
            [cache_container(cdn)],
            shim=None,
            runtime_class=None,
            service_account=service_account,
            pull_secrets=pull_secrets,
            volumes=cache_volumes(cdn, config.metadata["name"]),
        )
        # nginx looks its name up when it starts.
        self._child = pulumi.ResourceOptions.merge(
            self._child, pulumi.ResourceOptions(depends_on=[self.function])
        )
        self._deploy(cdn, spec, cdn.ports, open_ports=open_ports)
        self.urls = make_ingress(
            self,
            resource_name,
            cdn,
            ports=cdn.ports,
            routes=cdn.routes,
            settings=cdn,
            namespace=self._place,
            service=self.service,
        )
