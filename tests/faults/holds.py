"""Stops a node's program at a point, for as long as a test needs."""

from __future__ import annotations

from pathlib import Path

from lab.deadline import wait_for
from lab.nodes.node import Node
from shimyard.node.paths import ROOT


def hold_at(node: Node, point: str) -> None:
    """Have the node's program stop where these are the first words of a point."""
    folder = _folder(node)
    folder.mkdir(exist_ok=True)
    (folder / "held").unlink(missing_ok=True)
    (folder / "hold-at").write_text(f"{point}\n")


def held(node: Node) -> bool:
    """Whether it has come there."""
    return (_folder(node) / "held").exists()


def wait_held(*nodes: Node, seconds: float = 30.0) -> None:
    """Wait until all of ``nodes`` have come there."""

    def missing() -> str | None:
        late = [f"{node.name} at {_wanted(node)!r}" for node in nodes if not held(node)]
        return f"not held yet: {', '.join(late)}" if late else None

    wait_for("the hold", missing, seconds=seconds)


def release(node: Node) -> None:
    """Let it go on."""
    (_folder(node) / "hold-at").unlink(missing_ok=True)


def forget(node: Node) -> None:
    """Neither hold nor kill it any more."""
    for name in ("hold-at", "kill-at"):
        (_folder(node) / name).unlink(missing_ok=True)


def _wanted(node: Node) -> str:
    file = _folder(node) / "hold-at"
    return file.read_text().strip() if file.exists() else "a point that it has passed by"


def _folder(node: Node) -> Path:
    return node.root / ROOT.lstrip("/")
