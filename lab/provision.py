"""A full lab: nodes, and beside them the artifacts, the mirror, the registry and the images."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from lab.images.publish import PushedImage
from lab.instance import Lab
from lab.nodes.base import ensure_base, node_architecture
from lab.supplies import Supplies, build_supplies
from toolchain.progress import Progress


def prepare(progress: Progress) -> Supplies:
    """Everything that takes long and needs no lab: the base image and all builds.

    With nothing cached this takes about 15 minutes on 2 cores, else a second.
    Errors: any ``LabError``; what was made by then stays in the cache.
    """
    with ThreadPoolExecutor(1) as beside:
        # Making the base mostly waits for the network and the disk, the builds for the cores.
        base = beside.submit(ensure_base, progress)
        supplies = build_supplies(progress, arch=node_architecture())
        base.result()
    return supplies


def provision(lab: Lab, progress: Progress) -> tuple[PushedImage, ...]:
    """Prepare, boot the nodes, serve the artifacts; the images that were pushed.

    Errors: any ``LabError``.
    """
    supplies = prepare(progress)
    with progress.step(f"booting {lab.settings.nodes} nodes"):
        lab.up()
    with progress.step("serving artifacts and images"):
        return supplies.serve(lab.settings)
