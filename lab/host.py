"""Whether this machine can run a lab, and making it so."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from lab import apt
from lab.errors import HostUnfitError

# Program -> the Debian package that has it.
TOOLS: Final = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "setsid": "util-linux",
    "mount": "mount",
    "chroot": "coreutils",
    "find": "findutils",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "zstd": "zstd",
    # Load for what answers HTTP in a cluster.
    "wrk": "wrk",
    # What the builds of runc and of the shims need beside Go and Rust.
    "gcc": "gcc",
    "pkg-config": "pkg-config",
    "protoc": "protobuf-compiler",
    # What the tests check the nodes' program with.
    "shellcheck": "shellcheck",
}

INOTIFY: Final = Path("/proc/sys/fs/inotify/max_user_instances")
INSTANCES_PER_NODE: Final = 16
LABS_AT_ONCE: Final = 8
"""The tests' suites run beside each other, and so do their labs."""

# Header -> the Debian package that has it.
HEADERS: Final = {Path("/usr/include/seccomp.h"): "libseccomp-dev"}


def missing_tools() -> dict[str, str]:
    """The programs and headers that the lab needs and this machine lacks, with their packages."""
    tools = {tool: package for tool, package in TOOLS.items() if shutil.which(tool) is None}
    headers = {str(path): package for path, package in HEADERS.items() if not path.exists()}
    return tools | headers


def require_root() -> None:
    """Raise ``HostUnfitError`` without root, which all but looking at a lab's status needs."""
    if os.geteuid() != 0:
        raise HostUnfitError(["root"], "the lab boots containers and makes links: run it as root")


def require_fit() -> None:
    """Raise ``HostUnfitError`` if a lab can't run here, naming all that is missing."""
    require_root()
    missing = missing_tools()
    if missing:
        raise HostUnfitError(sorted(missing), "run `python -m lab prepare`, which installs them")


def prepare() -> list[str]:
    """Install what is missing with apt-get and return the packages; needs root and Debian.

    Errors: ``HostUnfitError`` without root or apt-get, ``CommandError`` with apt's own words.
    """
    packages = sorted(set(missing_tools().values()))
    if not packages:
        return []
    if os.geteuid() != 0:
        raise HostUnfitError(["root"], f"run as root: apt-get install {' '.join(packages)}")
    if shutil.which("apt-get") is None:
        raise HostUnfitError(
            ["apt-get"], f"install by hand what has these: {', '.join(missing_tools())}"
        )
    apt.install(packages)
    require_fit()
    return packages


def ensure_watches(nodes: int) -> str | None:
    """Have as many inotify instances as ``nodes`` nodes take; what was changed, None if nothing.

    All nodes' root is this machine's, so they share its limit, with those of other labs: 128 on
    many machines, which two clusters use up. It is raised, never lowered, and stays so.
    """
    limit = int(INOTIFY.read_text())
    wanted = nodes * INSTANCES_PER_NODE * LABS_AT_ONCE
    if limit >= wanted:
        return None
    INOTIFY.write_text(str(wanted))
    return f"raised fs.inotify.max_user_instances from {limit} to {wanted} for {nodes} nodes"
