"""Pushing to and reading from a registry (OCI distribution specification 1.1), without login."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPMessage
from urllib.parse import quote, urljoin

from lab.errors import LabError
from lab.images.content import MANIFEST, Blob, Image

SECONDS = 60


class RegistryRefusedError(LabError):
    """A registry answered otherwise than asked for; ``status`` is None if it did not answer."""

    def __init__(self, asked: str, status: int | None, answer: str) -> None:
        self.asked = asked
        self.status = status
        self.answer = answer
        said = f"answered {status}" if status else "could not be reached"
        super().__init__(
            f"{asked}: the registry {said}: {answer.strip()[:500]}; "
            "see logs/registry.log in the lab's folder, and `python -m lab status`"
        )


class RegistryClient:
    """One registry at ``url`` (``http://host:port``). Errors: ``RegistryRefusedError``."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def push(self, image: Image, repository: str, tag: str) -> str:
        """Push every piece that is not there yet, then the manifest; its digest."""
        for blob in (image.config, *image.layers):
            self._push_blob(repository, blob)
        self._ask(
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            data=image.manifest.data,
            headers={"Content-Type": MANIFEST},
        )
        return image.digest

    def manifest(self, repository: str, reference: str) -> bytes:
        """The manifest of a tag or a digest."""
        return self._ask(
            "GET", f"/v2/{repository}/manifests/{reference}", headers={"Accept": MANIFEST}
        )[1]

    def blob(self, repository: str, digest: str) -> bytes:
        """The bytes of a config or a layer."""
        return self._ask("GET", f"/v2/{repository}/blobs/{digest}")[1]

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the repository holds a blob."""
        try:
            self._ask("HEAD", f"/v2/{repository}/blobs/{digest}")
        except RegistryRefusedError as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def _push_blob(self, repository: str, blob: Blob) -> None:
        if self.has_blob(repository, blob.digest):
            return
        begun, _ = self._ask("POST", f"/v2/{repository}/blobs/uploads/", data=b"")
        place = begun["Location"]
        joint = "&" if "?" in place else "?"
        self._ask(
            "PUT",
            f"{place}{joint}digest={quote(blob.digest, safe='')}",
            data=blob.data,
            headers={"Content-Type": "application/octet-stream"},
        )

    def _ask(
        self,
        method: str,
        path: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[HTTPMessage, bytes]:
        url = urljoin(self.url, path)
        request = urllib.request.Request(  # noqa: S310
            url, data=data, headers=dict(headers or {}), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                return answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                said = refused.read().decode(errors="replace")
            raise RegistryRefusedError(f"{method} {url}", refused.code, said) from refused
        except OSError as unreachable:
            raise RegistryRefusedError(f"{method} {url}", None, str(unreachable)) from unreachable
