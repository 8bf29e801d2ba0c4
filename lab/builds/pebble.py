"""Pebble, Let's Encrypt's own ACME server for tests: a CA that nobody trusts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.builds.go import GoModule
from lab.builds.recipe import Arch
from toolchain.cache import cached, digest
from toolchain.progress import Progress

PROGRAM: Final = "pebble"
_MODULE: Final = GoModule("pebble", "github.com/letsencrypt/pebble/v2")


def pebble(arch: Arch, progress: Progress | None = None) -> Path:
    """The program for nodes of ``arch``; its first build takes half a minute.

    Errors: ``BuildError`` without Go; ``CommandError`` with its words.
    """

    def make(out: Path) -> None:
        _MODULE.build(f"cmd/{PROGRAM}", out / PROGRAM, arch)

    key = digest(PROGRAM, arch, *_MODULE.inputs)
    return cached(f"{PROGRAM}-{arch}", key, make, progress=progress) / PROGRAM
