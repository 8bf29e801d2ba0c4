"""Archives of container images for the pods of a node.

Source: https://docs.k3s.io/import-images for the folder and the forms that K3s takes.
"""

from __future__ import annotations

from collections.abc import Sequence

from shimyard.errors import ShimyardError
from shimyard.node.desired import Images, StoredArtifact
from shimyard.settings.k3s import K3sSettings

IMAGES_FOLDER = "/var/lib/rancher/k3s/agent/images"
"""Whose archives K3s's own containerd gets at each start."""

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst")


class ImagesError(ShimyardError):
    """A locked artifact that K3s and containerd take for no archive of images."""

    def __init__(self, artifact: StoredArtifact, name: str) -> None:
        super().__init__(
            f"cluster.images: {artifact.name} {artifact.version} installs '{name}', which is no "
            f"archive of images ({', '.join(_ARCHIVES)})",
            mend="lock the archive itself, as '.tar' or '.tar.zst': python -m shimyard.catalogue "
            f"lock {artifact.name} {artifact.version} --url URL",
        )


def images_of(settings: K3sSettings, artifacts: Sequence[StoredArtifact]) -> list[Images]:
    """The archives that ``settings`` names, in the store. Raises ``ImagesError``."""
    wanted = {each.name for each in settings.images}
    found = []
    for artifact in artifacts:
        if artifact.name not in wanted:
            continue
        names = [name for _, name in artifact.members]
        if artifact.format != "raw" or not names[0].endswith(_ARCHIVES):
            raise ImagesError(artifact, names[0])
        found.append(Images(artifact.sha256, artifact.path(names[0])))
    return found
