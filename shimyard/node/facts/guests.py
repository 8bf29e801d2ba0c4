"""Facts of Wasm containers: which of their processes containerd has forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from shimyard.node.facts.lines import Lines


@dataclass(frozen=True)
class Guest:
    """A process of a Wasm container: its number, and what containerd called the container."""

    process: int
    namespace: str
    container: str

    def __str__(self) -> str:
        return f"process {self.process} of container {self.container} in namespace {self.namespace}"


@dataclass(frozen=True)
class GuestFacts:
    """``held``: containerd knows it, one process a container. ``lost``: it has forgotten it.

    A lost one runs on and keeps its ports: after a crash of containerd, or of its shim.
    """

    held: tuple[Guest, ...] = ()
    lost: tuple[Guest, ...] = ()

    @classmethod
    def parse(cls, lines: Lines) -> GuestFacts:
        """From the guest lines; the shim stands for a container of which no guest was found."""
        rows = sorted(lines.of("guest", 6), key=lambda row: int(row[2]))
        held = [_guest(row) for row in rows if row[0] == "held"]
        guests = [row for row in rows if row[:2] == ("lost", "guest")]
        found = {row[4:] for row in guests}
        shims = {row[4:]: row for row in reversed(rows) if row[:2] == ("lost", "shim")}
        alone = [row for names, row in shims.items() if names not in found]
        lost = sorted((_guest(row) for row in guests + alone), key=lambda each: each.process)
        return cls(tuple(held), tuple(lost))


def _guest(row: tuple[str, ...]) -> Guest:
    return Guest(int(row[2]), row[4], row[5])
