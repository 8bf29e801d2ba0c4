"""A hybrid app in the cluster: Wasm proxy, native app and Wasm log sidecar in one pod."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pulumi
from pulumi_kubernetes.core.v1 import PersistentVolumeClaim

from components.manifests.containers import native_container, wasm_container
from components.manifests.hybrid import claim_spec, shared_volume, with_shared
from components.manifests.metadata import labels
from components.manifests.pods import pod_spec
from components.manifests.volumes import volume
from components.workloads.app import App
from components.workloads.secret_values import secret_values
from shimyard.settings import HybridAppSettings, ShimName
from shimyard.settings.workloads import StrategySettings


class HybridApp(App):
    """A Deployment whose pods hold a Wasm proxy, a native app and a Wasm log sidecar.

    A RuntimeClass is a pod's, never a container's. The runwasi shims (wasmtime, wasmedge, wasmer,
    wamr) start an ELF file or a script as it is and anything else as Wasm, so one Wasm class
    serves all three. The spin shim can't; that is refused.

    The containers share a volume (``SHARED_DIR``) and the pod's network: the proxy finds the app
    at 127.0.0.1 (``UPSTREAM_URL``), and only the proxy's ports are in the Service. The sidecar
    starts before the others and ends after them, so it misses no line.

    Outputs: as ``WasmApp``.
    """

    TYPE: ClassVar = "shimyard:index:HybridApp"

    def __init__(
        self,
        resource_name: str,
        *,
        app: HybridAppSettings,
        runtime_class: pulumi.Input[str],
        shim: ShimName | None = None,
        namespace: pulumi.Input[str] | None = None,
        service_account: pulumi.Input[str] | None = None,
        pull_secrets: Sequence[pulumi.Input[str]] = (),
        open_ports: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Arguments as of ``WasmApp``.

        Raises ``pulumi.RunError`` if the shim can't mix, or two containers take the same port.
        """
        super().__init__(resource_name, app, shim=shim, namespace=namespace, opts=opts)
        variables = [(name, part.env) for name, part in app.parts()]
        secret = secret_values(
            resource_name, app, variables, namespace=self._place, opts=self._child
        )
        ports = app.proxy_ports_with(shim)
        proxy = wasm_container("proxy", app.proxy, ports, shim, secret=secret)
        native = native_container("app", app.app, secret=secret)
        sidecars: list[dict[str, Any]] = []
        if app.sidecar is not None:
            sidecar = wasm_container("sidecar", app.sidecar, app.sidecar.ports, shim, secret=secret)
            sidecars = [with_shared(app, sidecar)]
        spec = pod_spec(
            app,
            [with_shared(app, proxy, upstream=True), with_shared(app, native)],
            shim=shim,
            runtime_class=runtime_class,
            service_account=service_account,
            pull_secrets=pull_secrets,
            sidecars=sidecars,
            volumes=[
                shared_volume(app, self._claim(app)),
                *(volume(each) for _, part in app.parts() for each in part.volumes),
            ],
        )
        self._deploy(
            app,
            spec,
            ports,
            open_ports=open_ports,
            # A second pod on another node would wait for the claim that the first one holds.
            strategy=StrategySettings(type="Recreate") if app.holds_claim_alone else None,
        )

    def _claim(self, app: HybridAppSettings) -> pulumi.Input[str] | None:
        """Name of the claim: made here, there already, or None for an emptyDir."""
        if app.volume.persistent_volume_claim is not None:
            return app.volume.persistent_volume_claim.claim_name
        if app.volume.claim is None:
            return None
        made = PersistentVolumeClaim(
            self._resource_name,
            metadata={
                "name": f"{app.name}-shared",
                "namespace": self._place,
                "labels": labels(app),
                # Classes that bind with the first pod would otherwise be waited for, for ever.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec=claim_spec(app.volume.claim),
            opts=self._child,
        )
        name: pulumi.Output[str] = made.metadata["name"]
        return name
