"""Helm charts as artifacts in the lab's registry.

The layout is https://helm.sh/docs/topics/registries/#oci-feature-deprecation-and-behavior-changes.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from lab.images.content import Blob, Image, json_blob
from lab.images.registry_client import RegistryClient

CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
CONTENT: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass(frozen=True)
class Chart:
    """A chart of the lab's own: its metadata, and its files by their paths in the chart.

    ``metadata``: more fields of Chart.yaml. ``version`` must be SemVer 2, with or without a 'v'.
    """

    name: str
    version: str
    files: Mapping[str, str] = field(repr=False)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_folder(cls, folder: Path, version: str) -> Chart:
        """A chart's source, which its publisher gives a version only when it is packed."""
        known = yaml.safe_load((folder / "Chart.yaml").read_text())
        files = {
            str(path.relative_to(folder)): path.read_text()
            for path in folder.rglob("*")
            if path.is_file() and path.name != "Chart.yaml"
        }
        return cls(known["name"], version, files, {**known, "appVersion": version})

    @property
    def description(self) -> dict[str, Any]:
        """What stands in Chart.yaml."""
        return {**self.metadata, "apiVersion": "v2", "name": self.name, "version": self.version}

    @property
    def archive(self) -> bytes:
        """The chart as `helm package` packs it; the same files always give the same bytes."""
        files = {**self.files, "Chart.yaml": yaml.safe_dump(self.description)}
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, text in sorted(files.items()):
                member = tarfile.TarInfo(f"{self.name}/{path}")
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        return gzip.compress(stream.getvalue(), mtime=0)

    @property
    def image(self) -> Image:
        """The chart as an artifact; its digest is what a stack pins."""
        return Image(json_blob(CONFIG, self.description), (Blob(CONTENT, self.archive),))

    def push(self, registry_url: str, folder: str = "charts") -> str:
        """Push it as ``folder``/name:version; its digest. Errors: ``RegistryRefusedError``."""
        # A tag can't have a '+', for which Helm writes '_'.
        tag = self.version.replace("+", "_")
        return RegistryClient(registry_url).push(self.image, f"{folder}/{self.name}", tag)
