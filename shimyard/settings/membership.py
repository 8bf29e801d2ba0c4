"""A machine as a node of its cluster: who can drain it, and at which pace."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shimyard.settings.base import Line, Model
from shimyard.settings.nodes import NodeSettings
from shimyard.settings.rollout import RolloutSettings


class MembershipSettings(Model):
    """What a change of a machine must know of its cluster.

    It is made of the stack file alone, so that nothing flows from a later resource to an earlier
    one: a machine's runtime can be changed with a drain although the cluster came after it.
    """

    cluster: Line = Field(description="Name of the cluster, which one rollout is about.")
    servers: Annotated[list[NodeSettings], Field(min_length=1)] = Field(
        description="The servers, whose kubectl drains the node."
    )
    rollout: RolloutSettings = Field(
        default_factory=RolloutSettings, description="How changes reach the nodes."
    )
