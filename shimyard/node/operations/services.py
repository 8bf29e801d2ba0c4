"""Operations on systemd units and on the containers below them."""

from __future__ import annotations

from dataclasses import dataclass

from shimyard.node.desired import START_SECONDS
from shimyard.node.operations.base import Operation


@dataclass(frozen=True)
class AdoptUnit(Operation):
    """Write down how a unit was before us, for the day on which it is released."""

    unit: str

    def words(self) -> tuple[str, ...]:
        """adopt UNIT."""
        return ("adopt", self.unit)


@dataclass(frozen=True)
class ReloadUnits(Operation):
    """Let systemd read unit files again."""

    def words(self) -> tuple[str, ...]:
        """reload."""
        return ("reload",)


@dataclass(frozen=True)
class EnableUnit(Operation):
    """Start a unit at every boot."""

    unit: str

    def words(self) -> tuple[str, ...]:
        """enable UNIT."""
        return ("enable", self.unit)


@dataclass(frozen=True)
class DisableUnit(Operation):
    """Don't start a unit at boot."""

    unit: str

    def words(self) -> tuple[str, ...]:
        """disable UNIT."""
        return ("disable", self.unit)


@dataclass(frozen=True)
class RestartUnit(Operation):
    """Restart a unit. ``because``: the paths or the state that call for it.

    ``seconds``: how long it may take until it is ready.
    """

    unit: str
    because: tuple[str, ...]
    starts: bool = False
    runs_containers: bool = False
    seconds: int = START_SECONDS

    def words(self) -> tuple[str, ...]:
        """restart UNIT guests|- SECONDS: whether Wasm containers must not outlive it."""
        return (
            "restart",
            self.unit,
            "guests" if self.runs_containers else "",
            str(self.seconds),
        )

    def effect(self) -> str:
        """The sentence names the reason, and what it does to Wasm containers."""
        verb = "starts" if self.starts else "restarts"
        loss = "; running Wasm containers end" if self.runs_containers and not self.starts else ""
        return f"{verb} {self.unit}: {', '.join(self.because)}{loss}"


@dataclass(frozen=True)
class StopUnit(Operation):
    """Stop a unit."""

    unit: str

    def words(self) -> tuple[str, ...]:
        """stop UNIT."""
        return ("stop", self.unit)

    def effect(self) -> str:
        """A stopped service is noticed."""
        return f"stops {self.unit}"


@dataclass(frozen=True)
class EmptyRuntime(Operation):
    """End and delete the containers of containerd, whose service is ``unit``.

    Where a containerd ran before us, only those that runc does not run: they lose their runtime,
    and that containerd takes the others back.
    """

    unit: str

    def words(self) -> tuple[str, ...]:
        """empty UNIT."""
        return ("empty", self.unit)

    def effect(self) -> str:
        """Containers end."""
        return "ends all containers of containerd"


@dataclass(frozen=True)
class EndOrphans(Operation):
    """End the Wasm processes that containerd, whose service is ``unit``, has forgotten.

    ``processes``: their numbers when the plan was made. The node looks again.
    """

    unit: str
    processes: tuple[int, ...]

    def words(self) -> tuple[str, ...]:
        """end-orphans UNIT."""
        return ("end-orphans", self.unit)

    def effect(self) -> str:
        """They may still answer somebody."""
        return f"ends orphaned Wasm processes: {', '.join(str(each) for each in self.processes)}"


@dataclass(frozen=True)
class ReleaseUnit(Operation):
    """Give a unit back the state that it had before us, after its files are gone or back."""

    unit: str

    def words(self) -> tuple[str, ...]:
        """release UNIT."""
        return ("release", self.unit)
