"""Secret environment values of an app, in a Secret of its own."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.manifests.containers import secret_key
from components.manifests.metadata import labels
from shimyard.settings.workloads import ContainerSettings, PodsSettings


def secret_values(
    resource_name: str,
    app: PodsSettings,
    containers: Iterable[tuple[str, ContainerSettings]],
    *,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str] | None:
    """Name of the Secret with the ``secretValue``s of ``containers``; None if there are none.

    The Secret can't be changed: other values make another one, under another name, and with that
    the pods are replaced like for any other change. A digest in an annotation would do so too, but
    would let anybody who reads it try out short secrets.
    """
    data = {
        secret_key(container, variable.name): pulumi.Output.secret(
            base64.b64encode(variable.secret_value.get_secret_value().encode()).decode()
        )
        for container, settings in containers
        for variable in settings.env
        if variable.secret_value is not None
    }
    if not data:
        return None
    made = Secret(
        f"{resource_name}-env",
        # Without a name: the provider makes a new one for each new Secret.
        metadata={"namespace": namespace, "labels": labels(app)},
        immutable=True,
        data=data,
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(replace_on_changes=["data"])
        ),
    )
    name: pulumi.Output[str] = made.metadata["name"]
    return name
