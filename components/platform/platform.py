"""Everything that a stack puts on its cluster for workloads to build on."""

from __future__ import annotations

from typing import Any

import pulumi

from components.platform.serverless_platform import ServerlessPlatform
from components.workloads.runtime_classes import RuntimeClasses
from shimyard.settings import StackSettings


class Platform(pulumi.ComponentResource):
    """The add-ons and platform workloads of the settings.

    Outputs: ``serverless`` (None if the settings have none), ``summary`` (part -> what it has).
    """

    serverless: ServerlessPlatform | None
    summary: dict[str, Any]

    def __init__(
        self,
        resource_name: str,
        *,
        settings: StackSettings,
        classes: RuntimeClasses,
        provider: pulumi.ProviderResource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``provider``: of the cluster; default: the one in ``opts``, or the kubeconfig's.

        ``classes``: the cluster's RuntimeClasses, which pods wait for.
        """
        if provider is not None:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[provider]))
        super().__init__("shimyard:index:Platform", resource_name, None, opts)
        after = [] if opts is None or opts.depends_on is None else opts.depends_on
        waiting = after if isinstance(after, list) else [after]
        self.serverless = None
        self.summary = {}
        if settings.platform.serverless is not None:
            self.serverless = ServerlessPlatform(
                resource_name,
                serverless=settings.platform.serverless,
                shims={shim.handler: shim.name for shim in settings.runtime.shims},
                classes=settings.runtime_classes,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*waiting, classes]),
            )
            self.summary["functions"] = {
                name: function.urls for name, function in self.serverless.functions.items()
            }
        self.register_outputs(self.summary)
