"""The security of a stack: what its workloads may do, and what may run at all."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from shimyard.settings.base import FieldError, Model, each_once
from shimyard.settings.security.falco import FalcoSettings
from shimyard.settings.security.profiles import CapabilityProfileSettings
from shimyard.settings.security.signatures import SignedImagesSettings


class SecuritySettings(Model):
    """Limits on workloads that something real enforces."""

    profiles: list[CapabilityProfileSettings] = Field(
        default_factory=list, description="Capability profiles, which apps name. Default: none."
    )
    falco: FalcoSettings | None = Field(
        default=None, description="Rules for Falco on the nodes. Default: none."
    )
    signed_images: SignedImagesSettings | None = Field(
        default=None, description="Signed images only. Default: any image runs."
    )

    @model_validator(mode="after")
    def _one_profile_a_name(self) -> Self:
        each_once("profiles[{}].name", (profile.name for profile in self.profiles), "keep one")
        owners: dict[str, str] = {}
        for index, profile in enumerate(self.profiles):
            for place in profile.namespaces:
                if place in owners:
                    raise FieldError(
                        f"profiles[{index}].namespaces",
                        f"'{place}' is of the profile '{owners[place]}'; a pod has but one profile",
                    )
                owners[place] = profile.name
        return self

    def signs(self, namespace: str) -> bool:
        """Whether the pods of a namespace of the stack need signed images."""
        return self.signed_images is not None and self.signed_images.holds(namespace)

    def profile(self, name: str | None) -> CapabilityProfileSettings | None:
        """The profile of that name, or None."""
        return next((each for each in self.profiles if each.name == name), None)
