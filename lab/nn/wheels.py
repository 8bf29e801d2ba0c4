"""Single files out of the wheels that wheels.txt pins, fetched by pip from its index."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lab.builds.recipe import Arch
from lab.commands import run

PINNED: Final = Path(__file__).with_name("wheels.txt")
_SECONDS: Final = 600.0
# Wheels for one Python, whatever runs here: of none of them is anything imported.
_PYTHON: Final = "3.13"
_PLATFORMS: Final[Mapping[Arch, str]] = {
    "amd64": "manylinux_2_28_x86_64",
    "arm64": "manylinux_2_28_aarch64",
}


def take_out(wheel: str, members: Mapping[str, Path], arch: Arch = "amd64") -> None:
    """Write ``members`` (path in the wheel -> file) of ``wheel``, as 'name' or 'silero_vad'.

    Errors: ``CommandError`` with pip's words, also for another digest; ``KeyError`` for a member
    that the wheel has not.
    """
    with tempfile.TemporaryDirectory(prefix="wheels-") as folder:
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        argv += ["--no-deps", "--require-hashes", "--only-binary=:all:"]
        argv += ["--python-version", _PYTHON, "--platform", _PLATFORMS[arch]]
        run([*argv, "--dest", folder, "--requirement", str(PINNED)], seconds=_SECONDS)
        (found,) = Path(folder).glob(f"{wheel}-*.whl")
        with zipfile.ZipFile(found) as opened:
            for member, target in members.items():
                target.write_bytes(opened.read(member))
