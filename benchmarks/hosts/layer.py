"""What the hosts have beyond the lab's base image: Python, which some contestants need there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.apt import debian_mirror
from lab.commands import run
from lab.nodes.base import SUITE, ensure_base
from toolchain.cache import cached, digest
from toolchain.progress import Progress

PACKAGES: Final = ("python3",)
# Part of the cache's key: raise it when the steps below change.
_RECIPE: Final = "1"
# In a mount namespace of its own, so that nothing stays mounted. $1: base, $2: folder of the work,
# then apt's options and the packages.
_INSTALL: Final = """\
set -eu
base=$1 work=$2
shift 2
mkdir -p "$work/layer" "$work/overlay" "$work/root"
mount -t overlay -o "lowerdir=$base,upperdir=$work/layer,workdir=$work/overlay" bench "$work/root"
mount --bind /etc/resolv.conf "$work/root/etc/resolv.conf"
mount -t proc proc "$work/root/proc"
export DEBIAN_FRONTEND=noninteractive
chroot "$work/root" apt-get update
chroot "$work/root" apt-get install --yes --no-install-recommends "$@"
chroot "$work/root" apt-get clean
rm -rf "$work/root/var/lib/apt/lists"
umount -R "$work/root"
rm -rf "$work/overlay" "$work/root"
"""


def ensure_layers(progress: Progress | None = None) -> tuple[Path, ...]:
    """The read-only layers of a host's root, the topmost first: the packages, the lab's base.

    Made once and cached, with Debian's packages from the mirror that this machine's apt uses.
    Errors: ``HostUnfitError``, ``CommandError``.
    """
    base = ensure_base(progress)
    key = digest(_RECIPE, SUITE, str(base), *PACKAGES)
    folder = cached("benchmark-host", key, lambda work: _install(base, work), progress=progress)
    return folder / "layer", base


def _install(base: Path, work: Path) -> None:
    proxy = debian_mirror().proxy
    options = ["-o", f"Acquire::http::Proxy={proxy}"] if proxy else []
    run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", _INSTALL, "sh",
         str(base), str(work), *options, *PACKAGES],
        seconds=600,
    )  # fmt: skip
