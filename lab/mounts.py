"""Mounts below the lab's state folder: making a node's root and taking all of it away again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from lab.commands import run
from lab.deadline import wait_for
from lab.errors import CommandError, HostUnfitError
from lab.state import NodeFolders

# containerd's overlayfs snapshotter and kubelet's volumes can't work on top of an overlay.
VOLUMES: Final = ("var/lib/containerd", "var/lib/kubelet", "var/lib/rancher")
# The file systems that overlayfs refuses for the layer that takes the changes.
_NOT_BELOW_OVERLAY: Final = frozenset({"overlay", "nfs", "nfs4", "9p", "fuse.sshfs", "vfat"})
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


def mount_root(node: NodeFolders, base: Path) -> None:
    """Mount a node's root: its changes over its seed over the base. Does nothing if mounted."""
    volumes = [node.volumes / volume for volume in VOLUMES]
    # Before the mount: it is the last step, so a node with a root has all that it needs.
    for folder in (node.upper, node.work, node.root, *volumes):
        folder.mkdir(parents=True, exist_ok=True)
    if node.root in below(node.folder):
        return
    refuse_unmountable(node.folder)
    layers = f"lowerdir={node.seed}:{base},upperdir={node.upper},workdir={node.work}"
    run(["mount", "-t", "overlay", "-o", layers, "shimyard-lab", str(node.root)])


def refuse_unmountable(folder: Path) -> None:
    """Raise ``HostUnfitError`` if overlayfs can't keep its changes in ``folder``."""
    kind = run(["stat", "--file-system", "--format=%T", str(folder)]).strip()
    if kind in _NOT_BELOW_OVERLAY or kind == "overlayfs":
        raise HostUnfitError(
            [f"a file system below {folder} that overlayfs can write to (it is {kind})"],
            "put the state folder on ext4, xfs or btrfs with --state",
        )


def below(folder: Path) -> list[Path]:
    """The mount points at or below ``folder``, the innermost and newest first."""
    found: list[Path] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = Path(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), line.split()[4]))
        if point == folder or folder in point.parents:
            found.append(point)
    return found[::-1]


def unmount_all(folder: Path, *, seconds: float = 15.0) -> None:
    """Unmount everything at or below ``folder``.

    Errors: ``NotReadyError`` with what is in use if that does not end within ``seconds``.
    """

    def gone() -> str | None:
        refused: list[str] = []
        for point in below(folder):
            try:
                run(["umount", str(point)])
            except CommandError as error:
                refused.append(error.output.strip())
        return "; ".join(refused) or None

    wait_for(f"unmounting {folder}", gone, seconds=seconds)
