"""The sandbox of the lab's pods: a static program that does nothing, as an image."""

from __future__ import annotations

from pathlib import Path

from lab.builds.errors import BuildError
from lab.builds.recipe import Arch
from lab.commands import run
from toolchain.cache import cached, digest
from toolchain.progress import Progress

SOURCE = Path(__file__).parent / "pause" / "pause.c"
COMPILERS: dict[Arch, str] = {"amd64": "x86_64-linux-gnu-gcc", "arm64": "aarch64-linux-gnu-gcc"}
_FLAGS = ("-static", "-Os", "-s", "-Wall", "-Werror")


def pause(arch: Arch, progress: Progress | None = None) -> Path:
    """The program ``pause`` for nodes of ``arch``.

    Errors: ``BuildError`` without a compiler for it; ``CommandError`` with the compiler's words.
    """
    compiler = COMPILERS[arch]

    def make(out: Path) -> None:
        try:
            run([compiler, *_FLAGS, "-o", str(out / "pause"), str(SOURCE)])
        except FileNotFoundError as absent:
            raise BuildError(
                f"pause can't be built without {compiler}", mend="apt-get install gcc libc6-dev"
            ) from absent

    key = digest("pause", compiler, *_FLAGS, SOURCE)
    return cached(f"workload-pause-{arch}", key, make, progress=progress) / "pause"
