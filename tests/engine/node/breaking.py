"""Something on a lab node that is broken by hand for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lab.nodes.node import Node
from shimyard.node.containerd_config import CONFIG_PATH


@contextmanager
def broken_by(node: Node, script: str, back: str) -> Iterator[None]:
    """Between two scripts of root's on the machine."""
    node.run(["sh", "-ec", script])
    try:
        yield
    finally:
        node.run(["sh", "-ec", back])


@contextmanager
def configured(node: Node, text: str) -> Iterator[None]:
    """With another configuration of containerd, which it has not read; then as it was."""
    path = node.root / CONFIG_PATH.lstrip("/")
    before, times = path.read_text(), path.stat()
    path.write_text(text)
    try:
        yield
    finally:
        path.write_text(before)
        # Else it would count as written after containerd has started.
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def configuration(node: Node, before: str, after: str) -> str:
    """containerd's configuration there, with one word of it replaced."""
    text = (node.root / CONFIG_PATH.lstrip("/")).read_text()
    assert before in text
    return text.replace(before, after)
