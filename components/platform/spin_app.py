"""A Spin application, run by SpinKube's operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.manifests.metadata import labels
from components.manifests.scaling import autoscaler_spec, budget_spec
from components.manifests.services import open_ports_spec
from components.manifests.spin import (
    GROUP_VERSION,
    PORT,
    PORT_NAME,
    scaled_object_spec,
    spin_app_spec,
)
from components.platform.ingress import lead_to
from components.workloads.secret_values import kept_secret, secret_values
from shimyard.settings.platform import SpinAppSettings
from shimyard.settings.platform.spin_app import RUNTIME_CONFIG_FILE
from shimyard.settings.workloads import PortSettings, ServiceSettings

_READY = "condition=Available"


class SpinApp(pulumi.ComponentResource):
    """A SpinApp, and what the operator does not make: Secrets, autoscaler, budget, Ingress.

    Done when the operator says that its pods are available.

    Outputs: ``name`` (of the SpinApp, its Deployment and its Service), ``url`` (inside of the
    cluster), ``urls`` (of the routes that have a host).
    """

    name: pulumi.Output[str]
    url: pulumi.Output[str]
    urls: list[str]

    def __init__(
        self,
        resource_name: str,
        *,
        app: SpinAppSettings,
        executor: str,
        namespace: pulumi.Input[str] | None = None,
        service_account: pulumi.Input[str] | None = None,
        pull_secrets: Sequence[pulumi.Input[str]] = (),
        open_ports: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``executor``: name of a SpinAppExecutor in the app's namespace.

        All else as for a ``WasmApp``. ``opts``: with the executor in ``depends_on``, without which
        the operator refuses the app.
        """
        super().__init__("shimyard:index:SpinApp", resource_name, None, opts)
        depends_on = None if opts is None else opts.depends_on
        self._resource_name, self._app = resource_name, app
        self._child = pulumi.ResourceOptions(parent=self, depends_on=depends_on)
        self._place = app.namespace if namespace is None else namespace
        made = CustomResource(
            resource_name,
            api_version=GROUP_VERSION,
            kind="SpinApp",
            metadata={**self._metadata(), "annotations": {"pulumi.com/waitFor": _READY}},
            spec=spin_app_spec(
                app,
                executor,
                secret=secret_values(
                    resource_name,
                    app,
                    [(app.name, app.variables)],
                    namespace=self._place,
                    opts=self._child,
                ),
                runtime_config=self._runtime_config(),
                service_account=service_account,
                pull_secrets=pull_secrets,
            ),
            opts=self._child,
        )
        # The settings' and not the object's: the operator makes all of one name.
        self.name = pulumi.Output.from_input(app.name)
        self.url = pulumi.Output.concat("http://", app.name, ".", self._place, ".svc")
        around = pulumi.ResourceOptions(parent=self, depends_on=[made])
        if app.autoscaling is not None:
            self._scale(around)
        if app.has_budget:
            PodDisruptionBudget(
                resource_name, metadata=self._metadata(), spec=budget_spec(app), opts=around
            )
        if open_ports:
            ports = [PortSettings(name=PORT_NAME, container_port=PORT)]
            NetworkPolicy(
                resource_name,
                metadata=self._metadata(),
                spec=open_ports_spec(app, ServiceSettings(), ports),
                opts=around,
            )
        self.urls = []
        if app.ingress is not None:
            self.urls = lead_to(
                app.name,
                PORT,
                resource_name,
                app,
                routes=app.ingress.routes,
                settings=app.ingress,
                namespace=self._place,
                opts=around,
            )
        self.register_outputs({"name": self.name, "url": self.url, "urls": self.urls})

    def _metadata(self) -> dict[str, Any]:
        return {"name": self._app.name, "namespace": self._place, "labels": labels(self._app)}

    def _runtime_config(self) -> pulumi.Input[str] | None:
        """Name of the Secret with the runtime configuration: made here, or there already."""
        config = self._app.runtime_config
        if config is None or config.text is None:
            return None if config is None else config.secret_name
        return kept_secret(
            f"{self._resource_name}-runtime-config",
            self._app,
            {RUNTIME_CONFIG_FILE: config.text},
            namespace=self._place,
            opts=self._child,
        )

    def _scale(self, opts: pulumi.ResourceOptions) -> None:
        """An autoscaler of the Deployment that the operator makes."""
        scaling = self._app.autoscaling
        if scaling is None:
            return
        if scaling.by == "keda":
            CustomResource(
                f"{self._resource_name}-keda",
                api_version="keda.sh/v1alpha1",
                kind="ScaledObject",
                metadata=self._metadata(),
                spec=scaled_object_spec(self._app, scaling),
                opts=opts,
            )
            return
        HorizontalPodAutoscaler(
            self._resource_name,
            metadata=self._metadata(),
            spec=autoscaler_spec(self._app, scaling),
            opts=opts,
        )
