"""The content-addressed pieces of an image (OCI image specification 1.1)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
TAR_GZIP_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
WASM_CONFIG = "application/vnd.wasm.config.v0+json"
WASM_LAYER = "application/wasm"


@dataclass(frozen=True)
class Blob:
    """Bytes with the media type under which a manifest names them."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        """``sha256:<hex>``."""
        return sha256(self.data)

    @property
    def descriptor(self) -> dict[str, Any]:
        """How a manifest or an index refers to it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data)}


@dataclass(frozen=True)
class Image:
    """One image or artifact: a manifest over a config and layers."""

    config: Blob
    layers: tuple[Blob, ...]

    @property
    def manifest(self) -> Blob:
        """The manifest; the same pieces always give the same digest."""
        content = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.config.descriptor,
            "layers": [layer.descriptor for layer in self.layers],
        }
        return json_blob(MANIFEST, content)

    @property
    def digest(self) -> str:
        """The manifest's digest, by which the image can be pulled."""
        return self.manifest.digest


def sha256(data: bytes) -> str:
    """The OCI digest of ``data``."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def json_blob(media_type: str, content: dict[str, Any]) -> Blob:
    """``content`` as the bytes that its digest is made of."""
    return Blob(media_type, json.dumps(content, separators=(",", ":")).encode())
