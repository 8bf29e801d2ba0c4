"""The lock of every artifact: what may be installed, by digest, and where to get it."""

from shimyard.catalogue.artifact import Artifact, Signature, Unpack
from shimyard.catalogue.catalogue import BUILT_IN_LOCK, Catalogue
from shimyard.catalogue.errors import ArtifactNotLocked, CatalogueError, LockFileError
from shimyard.catalogue.needs import (
    Need,
    artifacts_of,
    artifacts_of_k3s,
    artifacts_of_node,
)
from shimyard.catalogue.sources import bundled, urls

__all__ = [
    "BUILT_IN_LOCK",
    "Artifact",
    "ArtifactNotLocked",
    "Catalogue",
    "CatalogueError",
    "LockFileError",
    "Need",
    "Signature",
    "Unpack",
    "artifacts_of",
    "artifacts_of_k3s",
    "artifacts_of_node",
    "bundled",
    "urls",
]
