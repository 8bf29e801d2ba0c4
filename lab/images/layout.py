"""An image as one file, for `ctr images import` (OCI image layout 1.0)."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from lab.images.content import INDEX, Image


def export(image: Image, reference: str, archive: Path) -> None:
    """Write ``image`` under the name ``reference`` (``host/repository:tag``) as a layout tar."""
    named = {
        **image.manifest.descriptor,
        "annotations": {
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
        },
    }
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}
    files = {
        "oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode(),
        "index.json": json.dumps(index).encode(),
    }
    for blob in (image.manifest, image.config, *image.layers):
        files[f"blobs/{blob.digest.replace(':', '/')}"] = blob.data
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for path, data in sorted(files.items()):
            info = tarfile.TarInfo(path)
            info.size = len(data)
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(data))
