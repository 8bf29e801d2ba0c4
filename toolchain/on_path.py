"""First choice: a suitable Pulumi that the machine already has."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from toolchain.cache import cache_root
from toolchain.errors import NotOnPathError
from toolchain.installation import Toolchain
from toolchain.version import Version


def from_path(minimum: Version, path: str | None = None) -> Toolchain:
    """The ``pulumi`` and ``pulumi-language-python`` on ``path`` (default: ``$PATH``).

    Folders of our own cache do not count: a shell that was opened with an older build would
    otherwise keep it for ever.

    Raises NotOnPathError: absent, older than ``minimum``, or without its language host.
    """
    folders = foreign(os.environ.get("PATH", os.defpath) if path is None else path)
    pulumi = shutil.which("pulumi", path=folders)
    if pulumi is None:
        raise NotOnPathError("there is none")
    version = installed_version(Path(pulumi))
    if version < minimum:
        raise NotOnPathError(
            f"{pulumi} is {version}, this project needs {minimum} or newer", Path(pulumi)
        )
    # The vendor's archive has both programs in one folder, which the engine searches as well.
    beside = str(Path(pulumi).resolve().parent)
    host = shutil.which("pulumi-language-python", path=os.pathsep.join((folders, beside)))
    if host is None:
        raise NotOnPathError(f"{pulumi} comes without pulumi-language-python", Path(pulumi))
    return Toolchain(Path(pulumi), Path(host), version, "path")


def installed_version(pulumi: Path) -> Version:
    """What ``pulumi version`` prints; raises NotOnPathError if it prints no version."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        result = subprocess.run(
            [str(pulumi), "version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=environment,
        )
        return Version.parse(result.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as cause:
        raise NotOnPathError(f"{pulumi} does not tell its version ({cause})", pulumi) from cause


def foreign(path: str) -> str:
    """``path`` without the folders of our own cache."""
    own = cache_root().resolve()
    folders = (folder for folder in path.split(os.pathsep) if folder)
    return os.pathsep.join(
        folder for folder in folders if not Path(folder).resolve().is_relative_to(own)
    )
