"""One node as the cluster knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.inputs import inputs
from shimyard.settings.membership import MembershipSettings


class ClusterNode(pulumi.CustomResource):
    """Labels and taints of a Node object, and a capability label for each proven handler.

    It follows the machine's K3s and its container runtime. Labels that others have set are left
    alone; a capability label that nothing proves is taken away.

    Outputs: ``drift`` (sentences of the last refresh).
    """

    drift: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        membership: MembershipSettings,
        labels: Mapping[str, str] | None = None,
        taints: Sequence[str] = (),
        handlers: pulumi.Input[Mapping[str, Mapping[str, Any]]] | None = None,
        registration: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``handlers``: the output of the machine's ``ContainerRuntime``; default: none.

        ``registration``: that of its K3s; with another one, the Node object has lost its labels.
        """
        super().__init__(
            "shimyard-edge:cluster:Node",
            resource_name,
            {
                "name": name,
                "membership": inputs(membership),
                "labels": dict(labels or {}),
                "taints": list(taints),
                "handlers": handlers if handlers is not None else {},
                "registration": registration,
                "drift": None,
            },
            opts,
        )
