"""Models at the edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pulumi
from pulumi_kubernetes.apps.v1 import DaemonSet

from components.manifests.containers import wasm_container
from components.manifests.edge_ai import daemon_set_spec, placed, with_devices
from components.manifests.metadata import without_empty
from components.manifests.pods import pod_spec
from components.manifests.volumes import volume
from components.workloads.held_to import held_to
from components.workloads.secret_values import secret_values
from components.workloads.workload import Workload
from shimyard.settings import RuntimeClassesSettings, ShimName
from shimyard.settings.platform import EdgeAiSettings
from shimyard.settings.security import CapabilityProfileSettings


class EdgeAI(Workload):
    """A DaemonSet of a Wasm app that runs models by WASI-NN, on the nodes that its labels choose.

    A node gets a pod if its handler has been proven, too. Models are files of the node, which
    ``NodeFiles`` puts there; each is mounted by itself, read-only, and its digest is in an
    annotation of the pods, so that another one replaces them node by node. Devices are extended
    resources of device plugins, for the engine.

    Outputs: ``daemon_set`` (name), and those of ``Workload``.
    """

    TYPE: ClassVar = "shimyard:index:EdgeAI"

    daemon_set: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        edge_ai: EdgeAiSettings,
        digests: Mapping[str, str],
        classes: RuntimeClassesSettings | None = None,
        shim: ShimName | None = None,
        namespace: pulumi.Input[str] | None = None,
        service_account: pulumi.Input[str] | None = None,
        pull_secrets: Sequence[pulumi.Input[str]] = (),
        open_ports: bool = False,
        profile: CapabilityProfileSettings | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``digests``: model -> SHA-256 of its file on the nodes.

        ``classes``: the settings of the cluster's RuntimeClasses; default: their defaults. All else
        as of ``WasmApp``; ``opts`` should wait for the nodes' files.

        Raises ``pulumi.RunError`` if it does not go together with the shim or the profile, or a
        model has no digest.
        """
        missing = [model.name for model in edge_ai.models if model.name not in digests]
        if missing:
            raise pulumi.RunError(
                f"EdgeAI '{resource_name}': digests: the model '{missing[0]}' has none; give the "
                "SHA-256 of its file"
            )
        chosen = classes or RuntimeClassesSettings()
        app = held_to(profile, placed(edge_ai, chosen, digests), shim, f"EdgeAI '{resource_name}'")
        super().__init__(resource_name, app, shim=shim, namespace=namespace, opts=opts)
        ports = app.ports_with(shim)
        secret = secret_values(
            resource_name, app, [(app.name, app.env)], namespace=self._place, opts=self._child
        )
        container = wasm_container(app.name, app, ports, shim, secret=secret)
        spec = pod_spec(
            app,
            [with_devices(edge_ai, container)],
            shim=shim,
            runtime_class=chosen.name_of(app.handler),
            service_account=service_account,
            pull_secrets=pull_secrets,
            volumes=[volume(each) for each in app.volumes],
        )
        made = DaemonSet(
            resource_name,
            metadata=without_empty({**self._metadata(app), "annotations": dict(app.annotations)}),
            spec=daemon_set_spec(app, spec, edge_ai.update_strategy),
            opts=self._child,
        )
        self.daemon_set = made.metadata["name"]
        reached = self._reach(app, ports, open_ports=open_ports)
        self.register_outputs({"daemonSet": self.daemon_set, **reached})
