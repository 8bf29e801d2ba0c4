"""Operations that prove a runtime handler by a container that really runs."""

from __future__ import annotations

from dataclasses import dataclass

from shimyard.node.operations.base import Operation


@dataclass(frozen=True)
class RunCanary(Operation):
    """Run one container. ``staged``: the image's archive in the transaction, None to pull it."""

    handler: str
    runtime: str
    staged: str | None
    image: str
    platform: str
    expected: str | None
    seconds: int

    def words(self) -> tuple[str, ...]:
        """canary HANDLER RUNTIME ARCHIVE IMAGE PLATFORM EXPECTED SECONDS."""
        return (
            "canary",
            self.handler,
            self.runtime,
            self.staged or "",
            self.image,
            self.platform,
            self.expected or "",
            str(self.seconds),
        )


@dataclass(frozen=True)
class KeepCanary(Operation):
    """Nothing that the handler depends on has changed: its last result stays valid."""

    handler: str

    def words(self) -> tuple[str, ...]:
        """keep-canary HANDLER."""
        return ("keep-canary", self.handler)
