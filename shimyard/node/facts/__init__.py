"""What a machine is like now: one read-only script, and a pure parser for each kind of fact."""

from shimyard.node.facts.all import Facts
from shimyard.node.facts.generations import GenerationFacts
from shimyard.node.facts.guests import Guest, GuestFacts
from shimyard.node.facts.managed import ManagedFacts, Seen
from shimyard.node.facts.services import ServiceFacts
from shimyard.node.facts.system import Space, SystemFacts

__all__ = [
    "Facts",
    "GenerationFacts",
    "Guest",
    "GuestFacts",
    "ManagedFacts",
    "Seen",
    "ServiceFacts",
    "Space",
    "SystemFacts",
]
