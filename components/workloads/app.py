"""What every app becomes, whatever its containers: Deployment, Service, autoscaler, budget."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.manifests.metadata import without_empty
from components.manifests.pods import deployment_spec
from components.manifests.scaling import autoscaler_spec, budget_spec
from components.workloads.workload import Workload
from shimyard.settings.workloads import AppSettings, PodsSettings, PortSettings, StrategySettings


class App(Workload):
    """An app in the cluster, of whatever containers its kind has.

    Outputs: ``deployment`` (name), and those of ``Workload``.
    """

    deployment: pulumi.Output[str]

    def _deploy(
        self,
        app: PodsSettings,
        pod_spec: dict[str, Any],
        ports: list[PortSettings],
        *,
        open_ports: bool,
        strategy: StrategySettings | None = None,
    ) -> None:
        """Make the objects around the pods, and tell the outputs.

        ``open_ports``: let anybody connect, in a namespace that is closed by default.
        """
        resource_name, opts = self._resource_name, self._child
        metadata = self._metadata(app)
        made = Deployment(
            resource_name,
            metadata=without_empty({**metadata, "annotations": dict(app.annotations)}),
            spec=deployment_spec(app, pod_spec, strategy=strategy),
            opts=opts if app.autoscaling is None else _leaving_replicas(opts),
        )
        self.deployment = made.metadata["name"]
        if app.autoscaling is not None:
            HorizontalPodAutoscaler(
                resource_name,
                metadata=metadata,
                spec=autoscaler_spec(app, app.autoscaling),
                # It would complain of a Deployment that is not there yet.
                opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[made])),
            )
        if app.has_budget:
            PodDisruptionBudget(resource_name, metadata=metadata, spec=budget_spec(app), opts=opts)
        reached = self._reach(app, ports, open_ports=open_ports)
        self.register_outputs({"deployment": self.deployment, **reached})


def _leaving_replicas(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Options of a Deployment whose number of pods is its autoscaler's.

    The field stays ours until the autoscaler takes it: one that is left out instead falls back to
    one pod.
    """
    ours = pulumi.ResourceOptions(ignore_changes=["spec.replicas"])
    return pulumi.ResourceOptions.merge(opts, ours)


def key_of(app: AppSettings) -> str:
    """By which outputs name an app: 'namespace/name'."""
    return f"{app.namespace}/{app.name}"


def resource_name_of(app: AppSettings) -> str:
    """The Pulumi name of an app of a stack."""
    # A dot is in neither part: "a-b" in "c" and "b" in "c-a" must not be one resource.
    return f"{app.namespace}.{app.name}"
