"""Programs out of Debian's packages, as images: real servers beside the lab's own programs."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.apt import ENVIRONMENT, update
from lab.builds.errors import BuildError
from lab.builds.recipe import Arch
from lab.commands import attempt, run
from lab.images.content import Image
from lab.images.packaging import folder_image
from toolchain.cache import cached, digest
from toolchain.progress import Progress

# Part of the cache's key: raise it when the steps below change.
_RECIPE: Final = "1"
_SHA256: Final = re.compile(r"\bSHA256:[0-9a-f]{64}$", re.MULTILINE)
# As the dynamic loader lists them: with where it found them, or by a path of their own.
_LIBRARY: Final = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x", re.MULTILINE)
_LOADERS: Final = {"amd64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}
# So that packages of before and after Debian's merge into /usr land in the same places.
_MERGED: Final = ("bin", "lib", "lib64", "sbin")


@dataclass(frozen=True)
class DebianProgram:
    """A program of Debian, and what an image of it holds.

    ``path``: of the program, in the image as on a machine. ``packages``: its own, and those of all
    libraries that it is linked with. ``data``: more files or folders of the packages, as absolute
    paths.
    """

    path: str
    packages: tuple[str, ...]
    data: tuple[str, ...] = ()

    def folder(self, arch: Arch, progress: Progress | None = None) -> Path:
        """The root of a file system with program, libraries and data, and nothing else.

        It has no shell and no users. Of the Debian release that this machine's apt knows, and of
        this machine's architecture. Errors: ``BuildError`` if apt does not offer a package, or a
        library is in none of them; ``CommandError`` with the words of what failed.
        """
        name = Path(self.path).name
        key = digest(_RECIPE, arch, self.path, *self.data, *self._digests(arch))
        return cached(
            f"debian-{name}-{arch}", key, lambda out: self._fill(out, arch), progress=progress
        )

    def image(self, arch: Arch, progress: Progress | None = None) -> Image:
        """``folder`` as an image, whose entrypoint is the program. Errors: likewise."""
        return folder_image(self.path, self.folder(arch, progress), arch)

    def _digests(self, arch: Arch) -> list[str]:
        """What apt says that each package's file is; it answers without downloading them."""
        command = ["apt-get", "download", "--print-uris", *self._qualified(arch)]
        said = attempt(command, env=ENVIRONMENT)
        if said.returncode != 0:
            # A new machine knows no package yet.
            update()
            said = attempt(command, env=ENVIRONMENT)
        found = sorted(_SHA256.findall(said.stdout))
        if len(found) != len(self.packages):
            raise BuildError(
                f"apt does not offer each of {', '.join(self.packages)}: {said.stderr.strip()}",
                mend="see `apt-cache policy`, and what this Debian release calls them",
            )
        return found

    def _qualified(self, arch: Arch) -> list[str]:
        return [f"{package}:{arch}" for package in self.packages]

    def _fill(self, out: Path, arch: Arch) -> None:
        with tempfile.TemporaryDirectory() as name:
            root, downloads = Path(name, "root"), Path(name, "downloads")
            downloads.mkdir()
            _unpack(self._qualified(arch), downloads, root)
            loader = _LOADERS[arch]
            listed = attempt(["chroot", str(root), loader, "--list", self.path])
            if listed.returncode != 0:
                raise BuildError(
                    listed.stderr.strip(),
                    mend=f"add the library's package to {', '.join(self.packages)}",
                )
            for path in (self.path, loader, *_LIBRARY.findall(listed.stdout), *self.data):
                _take(root, path, out)


def _unpack(packages: list[str], downloads: Path, root: Path) -> None:
    for folder in _MERGED:
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    # apt has no option for where it downloads to.
    download = 'cd "$1" && shift && exec apt-get download -o APT::Sandbox::User=root "$@"'
    run(["sh", "-c", download, "sh", str(downloads), *packages], seconds=300, env=ENVIRONMENT)
    for package in sorted(downloads.iterdir()):
        run(["dpkg-deb", "--extract", str(package), str(root)])


def _take(root: Path, path: str, out: Path) -> None:
    """Copy a file or folder, links resolved, to the same path below ``out``."""
    source, target = root / path.lstrip("/"), out / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)
