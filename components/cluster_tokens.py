"""The secrets by which nodes join a cluster."""

from __future__ import annotations

import pulumi


class ClusterTokens(pulumi.CustomResource):
    """Two random tokens, made by the provider and secret from birth.

    Outputs: ``server`` (cluster administrator; servers only), ``agent`` (joins agents, no more).
    """

    server: pulumi.Output[str]
    agent: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        generation: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """The tokens stay the same until ``generation`` is another word than before."""
        super().__init__(
            "shimyard-edge:cluster:Tokens",
            resource_name,
            {"generation": generation, "server": None, "agent": None},
            pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(additional_secret_outputs=["server", "agent"])
            ),
        )
