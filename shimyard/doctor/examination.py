"""What was learned of the machines and of their cluster, for the truth table and the findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.machine import MachineFacts
from shimyard.node.facts import Facts
from shimyard.node.k3s import RESOURCES, UNITS
from shimyard.node.k3s_config import Role
from shimyard.settings import StackSettings


@dataclass(frozen=True)
class Silence:
    """Whoever could not be asked: why, and what to do about it."""

    cause: str
    mend: str


@dataclass(frozen=True)
class Examined:
    """A machine that has answered. ``skew``: seconds by which its clock is ahead of ours, 0 if it
    is within what the answer took.
    """

    facts: Facts
    machine: MachineFacts
    skew: float = 0.0


@dataclass(frozen=True)
class Examination:
    """All that is known. ``stack``: its name, for the commands of a mend. ``now``: Unix seconds.

    ``machines``: by the node's name. ``cluster``: None where the stack has none.
    """

    stack: str
    settings: StackSettings
    now: float
    machines: Mapping[str, Examined | Silence] = field(default_factory=dict)
    cluster: ClusterFacts | Silence | None = None

    @property
    def clustered(self) -> frozenset[str]:
        """The names of the machines that are to be nodes of the cluster."""
        if self.settings.cluster is None:
            return frozenset()
        names = [node.name for node in self.settings.nodes]
        return frozenset({*self.settings.cluster.servers, *self.settings.cluster.agents_of(names)})

    def role(self, node: str) -> Role:
        """What a machine of the cluster is to be in it."""
        cluster = self.settings.cluster
        return "server" if cluster is not None and node in cluster.servers else "agent"

    def unit(self, node: str) -> str:
        """The service of a machine of the cluster."""
        return UNITS[self.role(node)]

    def joining(self, node: str) -> str:
        """The mend where the cluster has no Node object of a machine that is to be one."""
        machine = self.machines.get(node)
        resource = RESOURCES[self.role(node)]
        if isinstance(machine, Examined) and resource not in machine.facts.generations.current:
            return f"run `make up STACK={self.stack}`"
        return (
            f"run `systemctl restart {self.unit(node)}` on it, which registers it again, then "
            f"{self.again}"
        )

    @property
    def handlers(self) -> dict[str, tuple[str, str]]:
        """Handler -> (shim, version) that every machine of the stack is to have."""
        runtime, cluster = self.settings.runtime, self.settings.cluster
        # Where K3s brings runc, it is as old as K3s.
        brought = "" if cluster is None else cluster.version
        runc = brought if runtime.runc is None else runtime.runc.version
        shims = {shim.handler: (shim.name, shim.version) for shim in runtime.shims}
        return {"runc": ("runc", runc), **shims}

    @property
    def again(self) -> str:
        """The mend of whatever differs from what was applied."""
        return (
            f"run `make refresh STACK={self.stack}`, which shows it as drift, then "
            f"`make up STACK={self.stack}`, which puts it right"
        )
