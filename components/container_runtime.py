"""The container runtime of one machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.inputs import inputs
from shimyard.settings import ArtifactSettings, NodeSettings, RuntimeSettings
from shimyard.settings.membership import MembershipSettings


class ContainerRuntime(pulumi.CustomResource):
    """containerd, runc, CNI plugins, Wasm shims and engines of a machine, in one transaction.

    A machine has one. A change that fails leaves the machine as it was; destroying it gives back
    what it had replaced. Changing how to reach the machine is no change of the resource.

    Outputs: ``generation`` (number of the machine's current generation), ``machine_id``,
    ``versions`` (artifact name -> version), ``handlers`` (handler name -> {shim, version, canary
    ('passed' or 'not run'), milliseconds}), ``drift`` (sentences of the last refresh).
    """

    generation: pulumi.Output[int]
    machine_id: pulumi.Output[str]
    versions: pulumi.Output[Mapping[str, str]]
    handlers: pulumi.Output[Mapping[str, Mapping[str, Any]]]
    drift: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        node: NodeSettings,
        runtime: RuntimeSettings,
        sources: ArtifactSettings | None = None,
        membership: MembershipSettings | None = None,
        address: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``sources``: where artifacts come from; default: Shimyard's lock and the vendors.

        ``membership``: the node's cluster, which drains it before a change that ends containers.
        ``address``: replaces the node's, for a machine that another resource makes.
        """
        cluster = {} if membership is None else {"membership": inputs(membership)}
        super().__init__(
            "shimyard-edge:node:ContainerRuntime",
            resource_name,
            {
                **cluster,
                "node": {**inputs(node), **({} if address is None else {"address": address})},
                "runtime": inputs(runtime),
                "sources": inputs(sources or ArtifactSettings()),
                "generation": None,
                "machineId": None,
                "versions": None,
                "handlers": None,
                "drift": None,
            },
            opts,
        )
        # The SDK's own translation of names would reach into the settings' tables as well.
        self.machine_id = vars(self)["machineId"]
