"""One lab of two nodes with a mirror for all tests of this folder; a Pulumi project a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import toolchain
from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.instance import Lab
from lab.mirror.service import start_mirror
from lab.nodes.node import Node
from tests.engine.program.project import Project
from tests.engine.program.stack import stack
from tests.lab.conftest import Place, place, slot

__all__ = ["place", "slot"]


@pytest.fixture(scope="session")
def tools() -> toolchain.Toolchain:
    """The CLI that was built from source, whatever this machine has on its PATH."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHIMYARD_TOOLCHAIN", "build")
        return toolchain.ensure()


@pytest.fixture(scope="session")
def built() -> BuiltArtifacts:
    """The artifacts of a container runtime, from the cache if it has them."""
    names = {"containerd", "runc", "cni-plugins", "containerd-shim-wasmtime"}
    return build_all(wanted=[each for each in recipes() if each.name in names])


@pytest.fixture(scope="session")
def lab(place: Callable[[int], Place], built: BuiltArtifacts) -> Iterator[Lab]:
    """Two nodes, and a mirror with all artifacts."""
    with place(5).lab(2) as found:
        start_mirror(found.settings, built)
        yield found


@pytest.fixture(scope="module")
def node(lab: Lab) -> Node:
    """The first node, new at the beginning of each module."""
    found = lab.node("edge-1")
    found.fresh()
    return found


@pytest.fixture(scope="module")
def other(lab: Lab) -> Node:
    """The second node, new at the beginning of each module."""
    found = lab.node("edge-2")
    found.fresh()
    return found


@pytest.fixture(scope="module")
def project(
    tools: toolchain.Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    node: Node,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """The checkout's program with a stack of one node."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("program"))
    made.config = stack(lab, built, [node.name])
    made.write()
    return made
