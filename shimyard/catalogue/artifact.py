"""One artifact: where it is, what its bytes must be, and which of its files are installed."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from shimyard.settings.base import DnsLabel, Line, Model, Sha256, Version, matching
from shimyard.settings.nodes import Arch
from shimyard.settings.registries import HttpUrl

_URL = re.compile(r"https?://[A-Za-z0-9.\[\]:_-]+/[A-Za-z0-9._~%+@:/-]+")


def _plain_url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise ValueError("is not a plain http(s) URL of a file; remove query, fragment and spaces")
    path = unquote(urlsplit(value).path)
    if any(part in {"", ".", ".."} for part in path.split("/")[1:]) or not path.isprintable():
        raise ValueError("has an empty, '.', '..' or unprintable part; write the plain path")
    return value


def _member(value: str) -> str:
    if value == "":
        return value
    # Some vendors pack with `tar -C folder .`; the name in the archive then starts with './'.
    plain = value.removeprefix("./")
    if any(part in {"", ".", ".."} for part in plain.split("/")):
        raise ValueError(
            "a member path is relative, without empty, '.' or '..' parts; write it as `tar -t` does"
        )
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError("a member path has a control character; remove it")
    return value


_MAX_SIZE = 1 << 40
"""Shells count in 64 bits; a larger size would wrap around where free space is compared with it."""

FileUrl = Annotated[HttpUrl, AfterValidator(_plain_url)]
"""URL of one file, without query and fragment, so that a mirror can have it as a path."""

Member = Annotated[str, AfterValidator(_member)]
"""Path of a regular file exactly as the archive names it; empty for the download itself."""

InstalledName = Annotated[
    str,
    AfterValidator(
        matching(
            r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}",
            "is not a plain file name; use letters, digits, '.', '_', '+' and '-'",
        )
    ),
]
"""A plain file name, never a path."""


class Unpack(Model):
    """How the installed files come out of the download."""

    format: Literal["tar.gz", "tar.xz", "raw"] = Field(
        description="Archive format; 'raw' is a single file that is installed as it is."
    )
    files: Annotated[dict[Member, InstalledName], Field(min_length=1)] = Field(
        description="Member path -> installed file name; for 'raw' the one key ''."
    )

    @model_validator(mode="after")
    def _members_fit_the_format(self) -> Self:
        if (self.format == "raw") != (list(self.files) == [""]) or (
            self.format != "raw" and "" in self.files
        ):
            raise ValueError(
                "files: 'raw' has exactly the key '', an archive has member paths; correct one"
            )
        names = list(self.files.values())
        if len(names) != len(set(names)):
            raise ValueError("files: two members have the same installed name; rename one")
        return self


class Signature(Model):
    """Whose signature was checked when the entry was locked."""

    kind: Literal["cosign-keyless"] = Field(description="How it was signed.")
    identity: Line = Field(description="Subject of the signing certificate: a workflow's URL.")
    issuer: Line = Field(description="Who vouched for the identity: the OIDC issuer's URL.")


class Artifact(Model):
    """A download that is known by its digest."""

    name: DnsLabel = Field(description="What it is: 'containerd', 'containerd-shim-wasmtime'.")
    version: Version = Field(description="Version without a leading 'v'.")
    arch: Arch = Field(description="CPU architecture.")
    url: FileUrl = Field(description="The vendor's URL.")
    sha256: Sha256 = Field(description="Digest of the download.")
    size: Annotated[int, Field(ge=1, le=_MAX_SIZE)] | None = Field(
        default=None, description="Bytes of the download; null where the source does not say."
    )
    unpack: Unpack = Field(description="What is installed of it.")
    checksum_source: Line = Field(description="Where the digest was read: a sentence or a URL.")
    signature: Signature | None = Field(
        default=None, description="The verified signature; null if there is none."
    )

    @property
    def key(self) -> tuple[str, str, Arch]:
        """(name, version, arch): what an artifact is found by."""
        return self.name, self.version, self.arch
