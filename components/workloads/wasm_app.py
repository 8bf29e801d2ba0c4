"""A Wasm app in the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pulumi

from components.manifests.containers import wasm_container
from components.manifests.pods import pod_spec
from components.manifests.volumes import volume
from components.workloads.app import App
from components.workloads.held_to import held_to
from components.workloads.secret_values import secret_values
from shimyard.settings import ShimName, WasmAppSettings
from shimyard.settings.security import CapabilityProfileSettings


class WasmApp(App):
    """A Deployment of one Wasm container, with its Service, autoscaler and disruption budget.

    Defaults that fit Wasm: 10m and 2Mi requested, 128Mi allowed; a rolling update with no pod
    missing; a preStop sleep, so that no request goes to a pod that has ended; a probe that
    connects to the first port; spread over zones and nodes; no token, one capability, read-only
    root, user 65532. All of it is in ``app``; docs/reference/settings.md has every field.

    Outputs: ``deployment``, ``service`` (names; service None without a port), ``address`` (host
    name in the cluster, or a LoadBalancer's address), ``url`` (None if no port speaks HTTP).
    """

    TYPE: ClassVar = "shimyard:index:WasmApp"

    def __init__(
        self,
        resource_name: str,
        *,
        app: WasmAppSettings,
        runtime_class: pulumi.Input[str],
        shim: ShimName | None = None,
        namespace: pulumi.Input[str] | None = None,
        service_account: pulumi.Input[str] | None = None,
        pull_secrets: Sequence[pulumi.Input[str]] = (),
        image: pulumi.Input[str] | None = None,
        open_ports: bool = False,
        profile: CapabilityProfileSettings | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``runtime_class``: its name, out of ``RuntimeClasses.names``.

        ``shim``: what serves the handler; gives the HTTP port and what the shim needs. Default:
        unknown, so ``app.ports`` must be stated. ``namespace``: replaces the app's, to wait for a
        ``WasmNamespace``; ``service_account``: that namespace's, unless the app names one;
        ``pull_secrets``: names of that namespace's Secrets with registries' credentials.
        ``image``: replaces the app's image or artifact, for one that another resource makes.
        ``open_ports``: open the Service's ports in a namespace that denies ingress.
        ``profile``: the one that the app names; a ``CapabilityProfile`` and the namespace have it
        too.

        Raises ``pulumi.RunError`` if the app does not go together with the shim or the profile.
        """
        app = held_to(profile, app, shim, f"WasmApp '{resource_name}'")
        super().__init__(resource_name, app, shim=shim, namespace=namespace, opts=opts)
        ports = app.ports_with(shim)
        secret = secret_values(
            resource_name, app, [(app.name, app.env)], namespace=self._place, opts=self._child
        )
        container = wasm_container(app.name, app, ports, shim, secret=secret)
        if image is not None:
            container["image"] = image
        spec = pod_spec(
            app,
            [container],
            shim=shim,
            runtime_class=runtime_class,
            service_account=service_account,
            pull_secrets=pull_secrets,
            volumes=[volume(each) for each in app.volumes],
        )
        self._deploy(app, spec, ports, open_ports=open_ports)
