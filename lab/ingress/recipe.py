"""The stand-in for an ingress controller: a static program, as an image."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.builds.go import GoProgram
from lab.builds.recipe import Arch
from toolchain.progress import Progress

FOLDER: Final = Path(__file__).parent
PROGRAM: Final = "ingress"


def ingress(arch: Arch, progress: Progress | None = None) -> Path:
    """The program for nodes of ``arch``, 28 MB; its first build takes a minute.

    Errors: ``BuildError`` without Go; ``CommandError`` with its words.
    """
    return GoProgram(FOLDER).built(PROGRAM, arch, entry=PROGRAM, progress=progress)
