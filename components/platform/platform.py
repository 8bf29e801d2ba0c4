"""Everything that a stack puts on its cluster for workloads to build on."""

from __future__ import annotations

import pulumi

from shimyard.settings import StackSettings


class Platform(pulumi.ComponentResource):
    """The add-ons and platform workloads of the settings."""

    def __init__(
        self,
        resource_name: str,
        *,
        settings: StackSettings,
        provider: pulumi.ProviderResource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``provider``: of the cluster; default: the one in ``opts``, or the kubeconfig's."""
        if provider is not None:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[provider]))
        super().__init__("shimyard:index:Platform", resource_name, None, opts)
        self._settings = settings.platform
        self.register_outputs({})
