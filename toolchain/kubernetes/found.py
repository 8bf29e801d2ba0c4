"""First choice: the vendor's plugin that the machine already has."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from toolchain.errors import PluginNotFoundError
from toolchain.kubernetes.lock import KubernetesLock
from toolchain.kubernetes.plugin import PROGRAM, KubernetesPlugin
from toolchain.on_path import foreign


def from_machine(lock: KubernetesLock, path: str | None = None) -> KubernetesPlugin:
    """The plugin on ``path`` (default: ``$PATH``), else the one in Pulumi's plugin cache.

    The engine takes a plugin on PATH whatever its version is, one in the cache only with the
    version that the SDK asks for. Folders of our own cache do not count.

    Raises PluginNotFoundError.
    """
    folders = foreign(os.environ.get("PATH", os.defpath) if path is None else path)
    program = shutil.which(PROGRAM, path=folders)
    if program is not None:
        return KubernetesPlugin(Path(program), lock.version, "path")
    installed = plugin_folder(lock.version) / PROGRAM
    if os.access(installed, os.X_OK):
        return KubernetesPlugin(installed, lock.version, "pulumi")
    raise PluginNotFoundError(lock.version)


def plugin_folder(version: str) -> Path:
    """Where ``pulumi plugin install`` puts the plugin: below ``$PULUMI_HOME``, ``~/.pulumi``."""
    configured = os.environ.get("PULUMI_HOME")
    home = Path(configured) if configured else Path.home() / ".pulumi"
    return home / "plugins" / f"resource-kubernetes-v{version}"
