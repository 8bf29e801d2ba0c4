"""What servers and agents have in common as inputs."""

from __future__ import annotations

from typing import Any

import pulumi

from components.inputs import inputs
from shimyard.settings import ArtifactSettings, NodeSettings, RuntimeSettings
from shimyard.settings.k3s import K3sSettings
from shimyard.settings.membership import MembershipSettings


def k3s_inputs(
    *,
    node: NodeSettings,
    k3s: K3sSettings,
    token: pulumi.Input[str],
    joins: pulumi.Input[str] | None,
    membership: MembershipSettings | None,
    sources: ArtifactSettings | None,
    runtime: RuntimeSettings | None,
) -> dict[str, Any]:
    """The inputs, and the names of the outputs."""
    given = {
        "node": inputs(node),
        "k3s": inputs(k3s),
        "token": pulumi.Output.secret(token),
        "sources": inputs(sources or ArtifactSettings()),
        "generation": None,
        "machineId": None,
        "registration": None,
        "version": None,
        "versions": None,
        "handlers": None,
        "drift": None,
    }
    if runtime is not None:
        given["runtime"] = inputs(runtime)
    if joins is not None:
        given["joins"] = joins
    if membership is not None:
        given["membership"] = inputs(membership)
    return given
