"""Everything that limits what the workloads of a stack can do."""

from __future__ import annotations

import pulumi

from components.inputs import with_provider
from components.security.capability_profile import CapabilityProfile
from shimyard.settings import StackSettings


class Security(pulumi.ComponentResource):
    """The capability profiles of the settings, as rules of admission.

    Outputs: ``profiles`` (name -> CapabilityProfile).
    """

    profiles: dict[str, CapabilityProfile]

    def __init__(
        self,
        resource_name: str,
        *,
        settings: StackSettings,
        provider: pulumi.ProviderResource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``provider``: of the cluster; default: the one in ``opts``, or the kubeconfig's."""
        opts = with_provider(opts, provider)
        super().__init__("shimyard:index:Security", resource_name, None, opts)
        names, handlers = settings.runtime_classes, settings.runtime.shims
        classes = [names.name_of(shim.handler) for shim in handlers]
        self.profiles = {
            profile.name: CapabilityProfile(
                profile.name,
                profile=profile,
                classes=classes,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for profile in settings.security.profiles
        }
        self.register_outputs({})
