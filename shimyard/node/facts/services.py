"""Facts of systemd units that a manifest names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shimyard.node.facts.lines import Lines


@dataclass(frozen=True)
class Service:
    """systemd's words: ``load`` (loaded, masked, ...), ``active``, ``enabled``."""

    load: str
    active: str
    enabled: str

    def trouble(self) -> str | None:
        """What keeps the unit from running now and after a boot; None if nothing does."""
        if self.load == "masked" or self.enabled.startswith("masked"):
            return "is masked"
        if self.active != "active":
            return f"is {self.active}"
        if self.enabled != "enabled":
            return f"is {self.enabled or 'not enabled'} at boot"
        return None


@dataclass(frozen=True)
class ServiceFacts:
    """``units``: unit name -> its state."""

    units: Mapping[str, Service] = field(default_factory=dict)

    @classmethod
    def parse(cls, lines: Lines) -> ServiceFacts:
        """From the unit lines."""
        return cls(
            {
                name: Service(load, active, enabled)
                for name, load, active, enabled in lines.of("unit", 4)
            }
        )
