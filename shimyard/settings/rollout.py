"""How a change reaches the nodes of a cluster: how many at a time, and how they are drained."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shimyard.settings.base import Model

Seconds = Annotated[int, Field(ge=1, le=86_400)]


class DrainSettings(Model):
    """How pods leave a node before it is disrupted."""

    timeout: Seconds = Field(
        default=300,
        description="Seconds for all pods to leave; disruption budgets may hold them. After that "
        "the node stays as it was, and the rollout stops.",
    )
    grace_period: Annotated[int, Field(ge=0, le=86_400)] | None = Field(
        default=None, description="Seconds for a pod to end. Default: the pod's own."
    )
    delete_empty_dir_data: bool = Field(
        default=True, description="Also evict pods whose emptyDir volumes are lost with them."
    )
    force: bool = Field(
        default=False,
        description="Also delete pods that nothing starts again elsewhere.",
    )


class RolloutSettings(Model):
    """The pace of disruptive changes."""

    max_unavailable: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=1,
        description="How many nodes may be out at a time, those that are down anyway included. "
        "Servers always change one by one.",
    )
    ready_timeout: Seconds = Field(
        default=300, description="Seconds for a node to be Ready after a change."
    )
    drain: DrainSettings = Field(default_factory=DrainSettings, description="Draining of a node.")
