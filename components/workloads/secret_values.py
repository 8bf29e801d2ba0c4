"""What an app must read and nobody else may, in Secrets of its own."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence

import pulumi
from pulumi_kubernetes.core.v1 import Secret
from pydantic import SecretStr

from components.manifests.containers import secret_key
from components.manifests.metadata import labels
from shimyard.settings.workloads import AppSettings, EnvSettings


def secret_values(
    resource_name: str,
    app: AppSettings,
    variables: Iterable[tuple[str, Sequence[EnvSettings]]],
    *,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str] | None:
    """Name of the Secret with the ``secretValue``s of ``variables``; None if there are none.

    ``variables``: name of a container, and what it has.
    """
    data = {
        secret_key(container, variable.name): variable.secret_value
        for container, its in variables
        for variable in its
        if variable.secret_value is not None
    }
    if not data:
        return None
    return kept_secret(f"{resource_name}-env", app, data, namespace=namespace, opts=opts)


def kept_secret(
    resource_name: str,
    app: AppSettings,
    data: Mapping[str, SecretStr],
    *,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Name of a Secret with ``data``, key -> text.

    The Secret can't be changed: other values make another one, under another name, and with that
    the pods are replaced like for any other change. A digest in an annotation would do so too, but
    would let anybody who reads it try out short secrets.
    """
    made = Secret(
        resource_name,
        # Without a name: the provider makes a new one for each new Secret.
        metadata={"namespace": namespace, "labels": labels(app)},
        immutable=True,
        data={key: pulumi.Output.secret(_encoded(text)) for key, text in data.items()},
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(replace_on_changes=["data"])
        ),
    )
    name: pulumi.Output[str] = made.metadata["name"]
    return name


def _encoded(text: SecretStr) -> str:
    return base64.b64encode(text.get_secret_value().encode()).decode()
