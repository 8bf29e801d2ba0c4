"""Where artifacts come from: locks, mirrors, and the air gap."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from shimyard.settings.base import FieldError, LocalPath, Model
from shimyard.settings.registries import HttpUrl


class ArtifactSettings(Model):
    """Sources of the locked artifacts."""

    lock_files: list[LocalPath] = Field(
        default_factory=list,
        description="More lock files, relative to the project; a later entry wins over an "
        "earlier one and over Shimyard's own lock.",
    )
    mirrors: list[HttpUrl] = Field(
        default_factory=list,
        description="Tried in this order before the vendor's URL. A mirror serves "
        "<mirror>/<host of the URL>/<path of the URL>.",
    )
    bundle: LocalPath | None = Field(
        default=None,
        description="Folder on the controller with artifacts laid out as on a mirror; what is in "
        "it is streamed to the nodes over SSH.",
    )
    air_gap: bool = Field(
        default=False, description="Never ask a vendor's URL: only mirrors and the bundle."
    )

    @model_validator(mode="after")
    def _air_gap_has_a_source(self) -> Self:
        if self.air_gap and not self.mirrors and self.bundle is None:
            raise FieldError("airGap", "needs a source; add mirrors or a bundle")
        return self
