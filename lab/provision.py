"""A full lab: nodes, and beside them the artifacts, the mirror, the registry and the images."""

from __future__ import annotations

from lab.errors import HostUnfitError
from lab.instance import Lab
from toolchain.progress import Progress


def provision(lab: Lab, progress: Progress) -> None:
    """Build what is not cached, boot the nodes, serve the artifacts and push the images."""
    raise HostUnfitError(["the artifact builds"], "use `python -m lab up --bare` for nodes alone")
