"""What is expected of a fault: told in time, with node, step, cause and mend; nothing changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.nodes.node import Node
from shimyard.node.errors import NodeError
from tests.engine.node.states import leftovers, look
from tests.faults.tally import TALLY


@contextmanager
def refused(edge: Node, step: str, *words: str, within: float = 30.0) -> Iterator[None]:
    """The block raises a NodeError that says all this, and leaves the node as it was."""
    before, began = look(edge), time.monotonic()
    with pytest.raises(NodeError) as caught, TALLY.wait(" ".join((step, *words))):
        yield
    assert time.monotonic() - began < within
    error = caught.value
    assert error.node == "edge-1"
    assert error.step.startswith(step), str(error)
    for word in (*words, "node edge-1", "mend: "):
        assert word in str(error)
    assert error.restored
    assert before.changes(look(edge)) == []
    assert leftovers(edge) == []


@contextmanager
def mounted(edge: Node, path: str, *options: str) -> Iterator[None]:
    """Something is mounted on the node's folder ``path``."""
    edge.run(["mkdir", "-p", path])
    edge.run(["mount", *options, path])
    try:
        yield
    finally:
        edge.run(["umount", path])
