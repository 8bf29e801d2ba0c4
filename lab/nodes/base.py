"""The base image: what a bare Debian edge box has, made once and shared by all nodes."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Final

from lab.apt import Mirror, debian_mirror
from lab.builds.recipe import Arch
from lab.commands import run
from lab.errors import HostUnfitError
from lab.settings import SSH_USER
from toolchain.cache import cached, digest
from toolchain.progress import Progress

# systemd of later suites refuses cgroup version 1.
SUITE: Final = "trixie"
PACKAGES: Final = (
    "ca-certificates",
    "curl",
    "dbus",
    "iproute2",
    "iptables",
    "iputils-ping",
    "kmod",
    "libseccomp2",
    # The wasmedge shim's engine. debootstrap resolves no virtual package, and WasmEdge asks for
    # libspdlog1.15-fmt10, which libspdlog1.15 is.
    "libspdlog1.15",
    "libwasmedge0",
    "netbase",
    "openssh-server",
    "procps",
    "sudo",
    "systemd",
    "systemd-sysv",
)
# Part of the cache's key: raise it when the steps below change.
RECIPE: Final = "2"
ARCHITECTURES: Final[dict[str, Arch]] = {"x86_64": "amd64", "aarch64": "arm64"}


def ensure_base(progress: Progress | None = None) -> Path:
    """The folder of the base image's root, made with debootstrap if it is not cached.

    It is read-only by agreement: nodes mount it as the lowest layer. About 280 MB, 90 s when new.
    Errors: ``HostUnfitError`` on an architecture or a machine that can't make it, ``CommandError``.
    """
    architecture = node_architecture()
    key = digest(RECIPE, SUITE, architecture, SSH_USER, *PACKAGES)
    folder = cached(
        f"lab-base-{SUITE}", key, lambda work: _build(work, architecture), progress=progress
    )
    return folder / "rootfs"


def node_architecture() -> Arch:
    """Debian's name of this machine's architecture, which is the nodes' too.

    Errors: ``HostUnfitError`` on one that the lab does not know.
    """
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise HostUnfitError(
            [f"a supported architecture (it is {platform.machine()})"],
            f"run the lab on {' or '.join(ARCHITECTURES)}",
        )
    return architecture


def _build(work: Path, architecture: str) -> None:
    mirror = debian_mirror()
    root = work / "rootfs"
    _debootstrap(root, architecture, mirror)
    _inside(root, "useradd", "--create-home", "--shell", "/bin/bash", SSH_USER)
    _forget_identity(root)


def _debootstrap(root: Path, architecture: str, mirror: Mirror) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    if mirror.proxy:
        environment["http_proxy"] = mirror.proxy
    run(
        [
            "debootstrap",
            "--variant=minbase",
            f"--arch={architecture}",
            f"--include={','.join(PACKAGES)}",
            *([f"--keyring={mirror.keyring}"] if mirror.keyring else []),
            SUITE,
            str(root),
            mirror.url,
        ],
        seconds=1200,
        env=environment,
    )


def _forget_identity(root: Path) -> None:
    """Remove what every node must have of its own, and what no node needs."""
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/machine-id").write_text("")
    (root / "var/lib/dbus/machine-id").unlink(missing_ok=True)
    (root / "etc/hostname").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text("")
    for folder in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man",
                   "usr/share/locale", "var/log"):  # fmt: skip
        shutil.rmtree(root / folder, ignore_errors=True)
        (root / folder).mkdir()
    (root / "var/log/journal").mkdir()


def _inside(root: Path, *argv: str) -> None:
    run(["chroot", str(root), *argv], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
