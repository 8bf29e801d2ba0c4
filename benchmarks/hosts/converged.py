"""A converged node's files as a layer for many hosts, made by a real transaction.

The hosts have no systemd, and a transaction needs it. So one lab node, which has, is converged
once, and what that has left on it is what the hosts begin with: Shimyard's records are true there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.state import RESOURCE, ManagedFile, folders
from lab.commands import run
from lab.instance import Lab
from shimyard.node.node_files import FileSet
from shimyard.node.paths import ROOT
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from shimyard.settings import FileSettings, NodeSettings


def converged_layers(
    lab: Lab, states: Mapping[int, Sequence[ManagedFile]], folder: Path
) -> dict[int, Path]:
    """A layer for each state, by its size, below ``folder``.

    ``lab``: one that is not up yet, with a node for each state. It is up meanwhile.
    Errors: ``LabError``, ``NodeError``.
    """
    layers: dict[int, Path] = {}
    with lab:
        for node, (size, files) in zip(lab.nodes, states.items(), strict=True):
            session = Session.open(lab_node_settings(lab, node.name), folder)
            try:
                converge(session, FileSet.of(file_settings(files), folder).desired(RESOURCE))
            finally:
                session.close()
            layers[size] = folder / f"state-{size}"
            _copy(node.root, layers[size])
    return layers


def lab_node_settings(lab: Lab, name: str) -> NodeSettings:
    """How to reach a lab's node."""
    return NodeSettings.model_validate(
        {
            "name": name,
            "address": str(lab.settings.address_of(name)),
            "ssh": {
                "user": "edge",
                "identityFile": str(lab.state.user_key),
                "knownHostsFile": str(lab.state.known_hosts),
            },
        }
    )


def file_settings(files: Sequence[ManagedFile]) -> list[FileSettings]:
    """The state as a stack's files."""
    return [
        FileSettings(
            path=file.path,
            content=file.content,
            mode=file.mode,
            owner=file.owner,
            group=file.group,
        )
        for file in files
    ]


def _copy(root: Path, layer: Path) -> None:
    layer.mkdir()
    paths = [*folders(), ROOT, *_units(root)]
    present = [path.strip("/") for path in paths if (root / path.strip("/")).exists()]
    archive = layer.with_suffix(".tar")
    run(["tar", "-C", str(root), "--numeric-owner", "-cf", str(archive), *present])
    run(["tar", "-C", str(layer), "--numeric-owner", "-xpf", str(archive)])
    archive.unlink()


def _units(root: Path) -> list[str]:
    found = (root / "etc/systemd").rglob("shimyard*")
    return [f"/{path.relative_to(root)}" for path in found]
