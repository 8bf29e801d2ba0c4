"""A Kubernetes provider plugin: where its program is, and how this machine came by it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROGRAM = "pulumi-resource-kubernetes"


@dataclass(frozen=True)
class KubernetesPlugin:
    """The program ``pulumi-resource-kubernetes``.

    ``origin`` is ``path`` or ``pulumi`` (the vendor's, on PATH or in Pulumi's plugin cache),
    ``download`` (the vendor's, fetched here) or ``build`` (our stand-in).
    """

    program: Path
    version: str
    origin: str

    @property
    def folder_for_path(self) -> Path | None:
        """The folder that PATH needs; None where the engine finds the program by itself."""
        return self.program.parent if self.origin in ("download", "build") else None

    @property
    def is_stand_in(self) -> bool:
        """Whether it is ours: then what works with it is no proof for the vendor's."""
        return self.origin == "build"
