"""Everything that limits what the workloads of a stack can do."""

from __future__ import annotations

import pulumi

from shimyard.settings import StackSettings


class Security(pulumi.ComponentResource):
    """The capability profiles, admission policies and rules of the settings."""

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
        super().__init__("shimyard:index:Security", resource_name, None, opts)
        self._settings = settings.security
        self.register_outputs({})
