"""All facts of one machine, from one run of the script."""

from __future__ import annotations

from dataclasses import dataclass, field

from shimyard.node.desired import DesiredState
from shimyard.node.facts.generations import CanaryResult, GenerationFacts
from shimyard.node.facts.guests import GuestFacts
from shimyard.node.facts.lines import Lines
from shimyard.node.facts.managed import ManagedFacts, Seen
from shimyard.node.facts.services import Service, ServiceFacts
from shimyard.node.facts.system import SystemFacts


@dataclass(frozen=True)
class Facts:
    """What planning needs to know. The defaults describe a machine that Shimyard has not seen."""

    system: SystemFacts = field(default_factory=SystemFacts)
    managed: ManagedFacts = field(default_factory=ManagedFacts)
    services: ServiceFacts = field(default_factory=ServiceFacts)
    generations: GenerationFacts = field(default_factory=GenerationFacts)
    guests: GuestFacts = field(default_factory=GuestFacts)

    @classmethod
    def parse(cls, text: str) -> Facts:
        """From the script's output. Raises ValueError if it was cut off."""
        lines = Lines(text)
        if not lines.complete:
            raise ValueError("the facts of the node end in the middle")
        return cls(
            SystemFacts.parse(lines),
            ManagedFacts.parse(lines),
            ServiceFacts.parse(lines),
            GenerationFacts.parse(lines),
            GuestFacts.parse(lines),
        )

    @classmethod
    def converged(cls, desired: DesiredState) -> Facts:
        """The facts of a machine on which ``desired`` was applied and nobody has touched it.

        A preview plans against these, so that it needs no machine.
        """
        seen = {
            f.path: Seen("file", f.mode, frozenset({f.owner}), frozenset({f.group}), f.sha256)
            for f in desired.files
        }
        seen |= {link.path: Seen("link", target=link.target) for link in desired.links}
        units = {} if desired.unit is None else {desired.unit.name: _RUNNING}
        digests = frozenset(item.sha256 for item in desired.artifacts)
        return cls(
            managed=ManagedFacts({desired.resource: desired.manifest()}, seen, digests),
            services=ServiceFacts(units),
            generations=GenerationFacts(
                {desired.resource: 1},
                {canary.handler: CanaryResult("passed", 0, 0) for canary in desired.canaries},
            ),
        )


_RUNNING = Service("loaded", "active", "enabled")
