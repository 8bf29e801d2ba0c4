"""Operations that change nothing and can stop a transaction."""

from __future__ import annotations

from dataclasses import dataclass

from shimyard.node.operations.base import Operation


@dataclass(frozen=True)
class ExpectGeneration(Operation):
    """The plan holds only for this generation (None: the resource is not there)."""

    resource: str
    generation: int | None

    def words(self) -> tuple[str, ...]:
        """expect RESOURCE NUMBER|none."""
        return ("expect", self.resource, str(self.generation or "none"))


@dataclass(frozen=True)
class CheckContainerdConfig(Operation):
    """containerd itself must be able to read the staged configuration."""

    binary: str
    config: str

    def words(self) -> tuple[str, ...]:
        """containerd-config BINARY CONFIG."""
        return ("containerd-config", self.binary, self.config)
