"""The peers' own environment: installed once, from the pinned list, into the cache."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import Final

from lab.commands import run
from toolchain.cache import cached, digest
from toolchain.progress import Progress

_LOCK: Final = Path(__file__).parents[1] / "requirements.txt"


class Tools:
    """A virtual environment with the peers. Made when it is first asked for."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress

    @cached_property
    def python(self) -> Path:
        """Its interpreter; programs in it are called with `-m`, so that it can be moved.

        Errors: ``CommandError``.
        """
        key = digest(_LOCK, sys.version)
        folder = cached("benchmark-tools", key, _install, progress=self._progress)
        return folder / "venv/bin/python"

    @cached_property
    def packages(self) -> Path:
        """Its site-packages."""
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        return Path(run([str(self.python), "-c", code]).strip())

    def version(self, package: str) -> str:
        """The installed version of a package."""
        code = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
        return run([str(self.python), "-c", code, package]).strip()


def _install(work: Path) -> None:
    venv = work / "venv"
    run([sys.executable, "-m", "venv", str(venv)], seconds=120)
    run(
        [str(venv / "bin/python"), "-m", "pip", "install", "--quiet",
         "--disable-pip-version-check", "--require-hashes", "--requirement", str(_LOCK)],
        seconds=600,
    )  # fmt: skip
