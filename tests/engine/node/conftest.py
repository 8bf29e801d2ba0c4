"""One lab node for all tests of this folder, and what they converge it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.instance import Lab
from lab.nodes.node import Node
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.lab.conftest import Place, place, slot

__all__ = ["place", "slot"]


@pytest.fixture(scope="session")
def edge_lab(place: Callable[[int], Place]) -> Iterator[Lab]:
    """A lab of one node."""
    with place(4).lab(1) as lab:
        yield lab


@pytest.fixture(scope="module")
def edge(edge_lab: Lab) -> Node:
    """The node, new at the beginning of each module."""
    node = edge_lab.node("edge-1")
    node.fresh()
    return node


@pytest.fixture
def fresh(edge: Node) -> Node:
    """The node, new for this test."""
    edge.fresh()
    return edge


@pytest.fixture(scope="session")
def settings(edge_lab: Lab) -> NodeSettings:
    """How to reach the node."""
    return NodeSettings.model_validate(
        {
            "name": "edge-1",
            "address": str(edge_lab.settings.address_of("edge-1")),
            "ssh": {
                "user": "edge",
                "identityFile": str(edge_lab.state.user_key),
                "knownHostsFile": str(edge_lab.state.known_hosts),
            },
        }
    )


@pytest.fixture
def session(edge: Node, settings: NodeSettings) -> Iterator[Session]:
    """A connection to the node."""
    opened = Session.open(settings, Path("/"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def built() -> BuiltArtifacts:
    """The artifacts of a container runtime, from the cache if it has them."""
    names = {"containerd", "runc", "cni-plugins"}
    return build_all(wanted=[each for each in recipes() if each.name in names])
