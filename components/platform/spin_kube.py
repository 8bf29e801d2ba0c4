"""SpinKube's operator."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pulumi
import yaml
from pulumi_kubernetes.admissionregistration.v1 import (
    MutatingWebhookConfigurationPatch,
    ValidatingWebhookConfigurationPatch,
)
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Namespace

from components.manifests.metadata import MANAGED_BY
from components.manifests.spin import GROUP_VERSION, crd, executor_spec
from components.platform.chart import chart_release
from shimyard.settings.platform import SpinCrdsSettings, SpinKubeSettings
from shimyard.settings.registries import RegistrySettings

NAME: Final = "spin-operator"
"""Of the chart and its release, with which the names of its objects begin."""

# Written by cert-manager once the API server may trust the webhook; all entries at once.
_TRUSTED = "jsonpath={.webhooks[0].clientConfig.caBundle}"
_HOOKS: Final = (
    ("mutating", MutatingWebhookConfigurationPatch),
    ("validating", ValidatingWebhookConfigurationPatch),
)


class SpinKube(pulumi.ComponentResource):
    """SpinKube's operator with its kinds, and its executors where there are applications.

    In this order, each when the one before it is ready: the CRDs are established, the chart's
    Deployment is available, the API server trusts its webhooks, the executors are there. At the
    end the other way round: the operator goes after the executors, which it must let go.

    Outputs: ``executors`` ('namespace/name' -> the SpinAppExecutor).
    """

    executors: dict[str, CustomResource]

    def __init__(
        self,
        resource_name: str,
        *,
        spin: SpinKubeSettings,
        runtime_classes: Mapping[str, pulumi.Input[str]],
        uses: Sequence[tuple[str, str]] = (),
        registries: Sequence[RegistrySettings] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``runtime_classes``: handler -> name of its RuntimeClass.

        ``uses``: namespace and name of each executor that applications need; the operator looks
        for an executor in the application's own namespace. ``registries``: of the runtime, whose
        mirrors have the chart. ``opts``: with the Kubernetes provider, and cert-manager in
        ``depends_on``.

        Raises ``pulumi.RunError``: the file of CRDs is another than the one that its SHA-256 is of.
        """
        super().__init__("shimyard:index:SpinKube", resource_name, None, opts)
        depends_on = None if opts is None else opts.depends_on
        child = pulumi.ResourceOptions(parent=self, depends_on=depends_on)
        kinds = [
            _object(f"{resource_name}-{each['metadata']['name']}", each, child)
            for each in _crds(spin.crds)
        ]
        home = Namespace(
            resource_name, metadata={"name": spin.namespace, "labels": MANAGED_BY}, opts=child
        )
        release = chart_release(
            resource_name,
            chart=spin.chart,
            registries=registries,
            name=NAME,
            namespace=spin.namespace,
            values=spin.values,
            timeout=spin.timeout,
            opts=_after(child, [home, *kinds]),
        )
        trusted: list[pulumi.Resource] = [
            patch(
                f"{resource_name}-{kind}",
                metadata={
                    "name": f"{NAME}-{kind}-webhook-configuration",
                    "annotations": {"pulumi.com/waitFor": _TRUSTED},
                },
                opts=_after(child, [release]),
            )
            for kind, patch in _HOOKS
        ]
        chosen = {each.name: each for each in spin.executors}
        self.executors = {
            f"{namespace}/{name}": CustomResource(
                f"{namespace}.{name}",
                api_version=GROUP_VERSION,
                kind="SpinAppExecutor",
                metadata={"name": name, "namespace": namespace, "labels": MANAGED_BY},
                spec=executor_spec(chosen[name], runtime_classes[chosen[name].handler]),
                opts=_after(child, trusted),
            )
            for namespace, name in dict.fromkeys(uses)
        }
        self.register_outputs({"executors": list(self.executors)})


def _after(
    opts: pulumi.ResourceOptions, resources: Sequence[pulumi.Resource]
) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(resources)))


def _object(
    resource_name: str, each: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> CustomResource:
    """An object as it is written: the SDK's own class for CRDs spells some of their fields anew."""
    return CustomResource(
        resource_name,
        api_version=each["apiVersion"],
        kind=each["kind"],
        metadata=each["metadata"],
        spec=each["spec"],
        opts=opts,
    )


def _crds(settings: SpinCrdsSettings) -> list[dict[str, Any]]:
    if not settings.install:
        return []
    if settings.file is None:
        return [crd("SpinApp"), crd("SpinAppExecutor")]
    try:
        content = Path(settings.file).expanduser().read_bytes()
    except OSError as error:
        raise pulumi.RunError(
            f"platform.spinKube.crds.file: {settings.file} can't be read ({error.strerror}); put "
            "the file there"
        ) from None
    found = hashlib.sha256(content).hexdigest()
    if found != settings.sha256:
        raise pulumi.RunError(
            f"platform.spinKube.crds.sha256: {settings.file} has {found}; get the right file, or "
            "write its SHA-256"
        )
    return [each for each in yaml.safe_load_all(content) if each]
