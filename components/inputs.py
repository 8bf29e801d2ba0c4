"""What components are given, in Pulumi's own terms: settings as inputs, a provider as options."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pulumi
from pydantic import BaseModel, SecretStr


def inputs(model: BaseModel) -> dict[str, Any]:
    """``model`` as a mapping that a resource takes.

    Defaults are left out, so that a default of a newer Shimyard shows as what it changes on the
    machine, not as a changed input. Every ``SecretStr`` becomes a Pulumi secret.
    """
    dumped = model.model_dump(by_alias=True, exclude_defaults=True)
    return {key: _input(value) for key, value in dumped.items()}


def _input(value: Any) -> Any:
    if isinstance(value, (IPv4Address, IPv4Network)):
        return str(value)
    if isinstance(value, SecretStr):
        return pulumi.Output.secret(value.get_secret_value())
    if isinstance(value, Mapping):
        return {key: _input(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_input(item) for item in value]
    return value


def with_provider(
    opts: pulumi.ResourceOptions | None, provider: pulumi.ProviderResource | None
) -> pulumi.ResourceOptions | None:
    """``opts`` for a component whose children use ``provider``; None: what ``opts`` says."""
    if provider is None:
        return opts
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[provider]))
