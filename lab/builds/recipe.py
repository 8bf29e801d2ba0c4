"""How the lab makes one artifact: what decides it, how it is built, how it is unpacked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from toolchain.cache import cached, digest
from toolchain.progress import Progress

Arch = Literal["amd64", "arm64"]
Input = str | bytes | Path

# A change of how archives are packed changes their bytes, so it is a new output too.
PACKING = Path(__file__).with_name("archive.py")


@dataclass(frozen=True)
class Unpack:
    """How a node gets files out of an artifact.

    ``format`` is ``"tar.gz"`` (``files``: member path -> installed file name) or ``"raw"``, one
    binary (``files``: ``{"": installed file name}``).
    """

    format: Literal["tar.gz", "raw"]
    files: Mapping[str, str]


@dataclass(frozen=True)
class BuiltArtifact:
    """One finished artifact in the cache; ``size`` in bytes, ``sha256`` in hex."""

    name: str
    version: str
    arch: Arch
    path: Path
    sha256: str
    size: int
    unpack: Unpack
    checksum_source: str

    @property
    def url_path(self) -> str:
        """The path below a mirror's base URL: ``name/version/file``."""
        return f"{self.name}/{self.version}/{self.path.name}"


@dataclass(frozen=True)
class Recipe:
    """Everything that decides one artifact, and the function that makes it.

    ``inputs`` holds all that the output depends on: toolchain version, lock files, sources,
    flags. ``make`` gets an empty folder and leaves ``file_name`` in it; whatever else it leaves
    there is kept in the cache too, so it must build elsewhere. ``cold_seconds`` is the time of a
    cold build on two cores: long builds start first.
    """

    name: str
    version: str
    arch: Arch
    file_name: str
    unpack: Unpack
    inputs: tuple[Input, ...]
    make: Callable[[Path], None]
    cold_seconds: int = 0

    @property
    def key(self) -> str:
        """The cache key: SHA-256 over everything that decides the output."""
        files = [f"{member}={installed}" for member, installed in sorted(self.unpack.files.items())]
        layout = (self.file_name, self.unpack.format, *files)
        return digest(self.name, self.version, self.arch, PACKING, *layout, *self.inputs)

    def build(self, progress: Progress | None = None) -> BuiltArtifact:
        """The artifact from the cache, built first if it is not there.

        Errors: whatever ``make`` raises, and ``FileNotFoundError`` if it left no ``file_name``.
        """

        def make_and_check(out: Path) -> None:
            self.make(out)
            (out / self.file_name).stat()

        label = f"{self.name}-{self.version}-{self.arch}"
        path = cached(label, self.key, make_and_check, progress=progress) / self.file_name
        with path.open("rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        return BuiltArtifact(
            name=self.name,
            version=self.version,
            arch=self.arch,
            path=path,
            sha256=sha256,
            size=path.stat().st_size,
            unpack=self.unpack,
            checksum_source="computed by the lab over the archive that it built from source",
        )
