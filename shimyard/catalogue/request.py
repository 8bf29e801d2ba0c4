"""What somebody wants locked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from shimyard.catalogue.artifact import Artifact
from shimyard.catalogue.errors import CatalogueError
from shimyard.catalogue.signature import PUBLIC_FULCIO
from shimyard.catalogue.sources import mirror_path, mirrored
from shimyard.catalogue.vendors import Format, Release, known_names, picked, release_of
from shimyard.settings.base import DnsLabel, Version
from shimyard.settings.explain import explain
from shimyard.settings.nodes import Arch

_IMAGES = (".tar", ".tar.zst")


@dataclass(frozen=True)
class LockRequest:
    """What is to be locked, and what the person who asks already knows of it.

    ``url`` and ``files`` (regular expression of a member path -> installed name) replace what
    Shimyard knows of the vendor. ``sha256`` and ``checksum_source``: a digest from elsewhere.
    ``mirror``: download from there, in mirror layout; the entry still names the vendor's URL.
    ``trust_download``: lock a file that nothing vouches for. ``authority``: PEM of another Fulcio.
    """

    name: str
    version: str
    arch: Arch
    url: str | None = None
    files: Mapping[str, str] | None = None
    sha256: str | None = None
    checksum_source: str | None = None
    mirror: str | None = None
    trust_download: bool = False
    authority: Path = PUBLIC_FULCIO

    def __post_init__(self) -> None:
        """Refuse early what could not become an entry: it would be part of a URL first."""
        for field, kind in (("name", DnsLabel), ("version", Version)):
            try:
                TypeAdapter(kind).validate_python(getattr(self, field))
            except ValidationError as error:
                sentence = explain(error, Artifact)[0][1]
                raise CatalogueError(
                    f"{field} '{getattr(self, field)}' {sentence}", mend=f"correct the {field}"
                ) from None

    def source(self, url: str) -> str:
        """Where ``url`` is downloaded from: there, or from the mirror."""
        return url if self.mirror is None else mirrored(self.mirror, mirror_path(url))

    def release(self) -> Release:
        """What to download, from the vendor's habits and from what the request says.

        Raises ``CatalogueError`` if both together don't tell enough.
        """
        known = release_of(self.name, self.version, self.arch)
        pick = picked(self.files) if self.files is not None else None
        if self.url is None:
            if known is None:
                raise CatalogueError(
                    f"no vendor of '{self.name}' is known; known are {', '.join(known_names())}",
                    mend="name its address with --url and its files with --file 'MEMBER=NAME'",
                )
            return known if pick is None else replace(known, pick=pick)
        format = _format(self.url)
        if format == "raw":
            # containerd tells by the name how an archive of images is packed.
            kind = next((each for each in _IMAGES if self.url.endswith(each)), "")
            name = next(iter(self.files.values())) if self.files else self.name + kind
            return Release(self.url, format, lambda _: {"": name})
        if pick is None and known is not None:
            pick = known.pick
        if pick is None:
            raise CatalogueError(
                f"which files of {self.url} are installed is not known",
                mend="say it with --file 'MEMBER=NAME', once for each file",
            )
        return Release(self.url, format, pick)


def _format(url: str) -> Format:
    if url.endswith((".tar.gz", ".tgz")):
        return "tar.gz"
    return "tar.xz" if url.endswith((".tar.xz", ".txz")) else "raw"
