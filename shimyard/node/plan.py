"""What a transaction does, as data."""

from __future__ import annotations

from dataclasses import dataclass

from shimyard.node.desired import File, StoredArtifact
from shimyard.node.operations import Operation


@dataclass(frozen=True)
class Plan:
    """What a transaction does. Empty operations mean: converged.

    ``fetch``: artifacts that the store lacks. ``staged``: (name in the transaction, file) to
    send. ``archives``: the same for canary images. ``changed``: paths whose object changes.
    ``reasons``: a sentence for each difference between the facts and the desired state.
    """

    operations: tuple[Operation, ...] = ()
    fetch: tuple[StoredArtifact, ...] = ()
    staged: tuple[tuple[str, File], ...] = ()
    archives: tuple[tuple[str, bytes], ...] = ()
    changed: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    deletes: bool = False

    @property
    def effects(self) -> tuple[str, ...]:
        """What running services and containers notice, one sentence each."""
        sentences = (operation.effect() for operation in self.operations)
        return tuple(sentence for sentence in sentences if sentence is not None)


class ConflictError(ValueError):
    """Two resources of one machine want the same path."""
