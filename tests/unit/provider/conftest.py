"""The provider's parts, with an engine that only listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from shimyard.provider.container_runtime import ContainerRuntimeResource
from shimyard.provider.node_files import NodeFilesResource
from shimyard.provider.nodes import Nodes
from tests.unit.provider.engine import KeptLog


@pytest.fixture
def log() -> KeptLog:
    return KeptLog()


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    return Nodes(tmp_path)


@pytest.fixture
def container_runtime(nodes: Nodes, log: KeptLog) -> ContainerRuntimeResource:
    return ContainerRuntimeResource(nodes, log)


@pytest.fixture
def node_files(nodes: Nodes, log: KeptLog) -> NodeFilesResource:
    return NodeFilesResource(nodes, log)
