"""Everything that limits what the workloads of a stack can do."""

from __future__ import annotations

import pulumi

from components.inputs import with_provider
from components.security.capability_profile import CapabilityProfile
from components.security.signed_images import SignedImages
from shimyard.settings import StackSettings


class Security(pulumi.ComponentResource):
    """The capability profiles and signature policies of the settings, as rules of admission.

    Outputs: ``profiles`` (name -> CapabilityProfile), ``signed_images`` (None if the settings have
    none).
    """

    profiles: dict[str, CapabilityProfile]
    signed_images: SignedImages | None

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
        self.signed_images = None
        if settings.security.signed_images is not None:
            self.signed_images = SignedImages(
                "signed-images",
                signed=settings.security.signed_images,
                registries=settings.runtime.registries,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
