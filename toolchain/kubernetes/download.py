"""Second choice: the vendor's plugin archive, pinned and verified before it is used."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path

from toolchain.cache import cached, digest, output_folder
from toolchain.download import Patience, fetch_verified, unpack
from toolchain.errors import NoPluginChecksumError
from toolchain.kubernetes.lock import KubernetesLock
from toolchain.kubernetes.plugin import PROGRAM, KubernetesPlugin
from toolchain.progress import Progress

MIRROR = "SHIMYARD_KUBERNETES_PLUGIN_MIRROR"
SHA256 = "SHIMYARD_KUBERNETES_PLUGIN_SHA256"


def plugin_platform(system: str | None = None, machine: str | None = None) -> str:
    """This machine as plugin archives spell it, such as ``linux-amd64``.

    The archives of the CLI say ``linux-x64`` for the same machine.
    """
    cpu = (machine or platform.machine()).lower()
    cpu = {"x86_64": "amd64", "aarch64": "arm64"}.get(cpu, cpu)
    return f"{system or sys.platform}-{cpu}"


def from_vendor(
    lock: KubernetesLock,
    progress: Progress,
    *,
    fetch: bool = True,
    patience: Patience | None = None,
) -> KubernetesPlugin | None:
    """The plugin out of the vendor's archive; from the cache if it was downloaded before.

    ``fetch=False`` only looks into the cache and returns None if it is not there.
    ``$SHIMYARD_KUBERNETES_PLUGIN_MIRROR`` replaces the folder URL,
    ``$SHIMYARD_KUBERNETES_PLUGIN_SHA256`` the digest.

    Raises NoPluginChecksumError, DownloadError, ChecksumError.
    """
    where = plugin_platform()
    sha256 = os.environ.get(SHA256, lock.archives.get(where, "")).lower()
    if not sha256:
        if not fetch:
            return None
        raise NoPluginChecksumError(where, lock.version)
    mirror = os.environ.get(MIRROR, lock.mirror).rstrip("/")
    url = f"{mirror}/{PROGRAM}-v{lock.version}-{where}.tar.gz"
    name, key = f"kubernetes-plugin-{lock.version}-download", digest(sha256)
    if not fetch and not output_folder(name, key).is_dir():
        return None

    def build(folder: Path) -> None:
        archive = folder / "archive.tar.gz"
        fetch_verified(url, sha256, archive, patience or Patience(), MIRROR)
        unpack(url, archive, folder / "bin", re.compile(PROGRAM), (PROGRAM,), mirror=MIRROR)
        archive.unlink()

    doing = f"downloading the Kubernetes provider {lock.version}"
    folder = cached(name, key, build, progress=progress, doing=doing)
    return KubernetesPlugin(folder / "bin" / PROGRAM, lock.version, "download")
