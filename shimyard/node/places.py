"""Where the files of an artifact are found on the machine: a folder for each kind."""

from __future__ import annotations

from collections.abc import Sequence

from shimyard.node.desired import Link, StoredArtifact
from shimyard.node.paths import BIN

CNI_BIN = "/opt/cni/bin"
LIB = "/usr/local/lib"
WASMEDGE_PLUGINS = f"{LIB}/wasmedge"
_PLUGIN = "wasmedge-plugin-"


def links(artifact: StoredArtifact) -> list[Link]:
    """One link into the store for each file: programs, libraries, CNI and WasmEdge plugins."""
    return [
        Link(f"{_folder(artifact, name)}/{name}", artifact.path(name))
        for _, name in artifact.members
    ]


def environment(artifacts: Sequence[StoredArtifact]) -> dict[str, str]:
    """What containerd hands on to the shims so that they find the engines' libraries.

    Not every distribution's loader looks into /usr/local/lib by itself.
    """
    variables = {}
    if any(".so" in name for artifact in artifacts for _, name in artifact.members):
        variables["LD_LIBRARY_PATH"] = LIB
    if any(artifact.name.startswith(_PLUGIN) for artifact in artifacts):
        variables["WASMEDGE_PLUGIN_PATH"] = WASMEDGE_PLUGINS
    return variables


def _folder(artifact: StoredArtifact, name: str) -> str:
    if artifact.name == "cni-plugins":
        return CNI_BIN
    if artifact.name.startswith(_PLUGIN):
        return WASMEDGE_PLUGINS
    return LIB if ".so" in name else BIN
