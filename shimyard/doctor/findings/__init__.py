"""What is wrong beside the chain of a handler: one sentence each, with its mend. Pure."""

from __future__ import annotations

from shimyard.doctor.examination import Examination
from shimyard.doctor.findings import clocks, disks, engines, expiry, machines, members, pods, worlds
from shimyard.doctor.findings.finding import Finding, Kind, Severity

__all__ = ["Finding", "Kind", "Severity", "findings"]

_SOURCES = (
    machines.silent,
    members.service,
    machines.changes,
    machines.services,
    machines.orphans,
    pods.killed,
    pods.waiting,
    worlds.newer,
    engines.other,
    disks.full,
    clocks.skewed,
    expiry.ending,
)


def findings(of: Examination) -> tuple[Finding, ...]:
    """Everything that was found, what keeps others from working first."""
    return tuple(finding for source in _SOURCES for finding in source(of))
