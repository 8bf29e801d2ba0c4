"""Clocks that differ from the controller's."""

from __future__ import annotations

from collections.abc import Iterator

from shimyard.doctor.examination import Examination, Examined
from shimyard.doctor.findings.finding import Finding, Severity

WARNING_SECONDS = 10.0
BROKEN_SECONDS = 300.0
"""From this on, Shimyard refuses every change of the machine."""


def skewed(of: Examination) -> Iterator[Finding]:
    """Machines whose clock is off; where all are off alike, ours is the likelier one."""
    clocks = {node: each.skew for node, each in of.machines.items() if isinstance(each, Examined)}
    alike = len(clocks) > 1 and max(clocks.values()) - min(clocks.values()) < WARNING_SECONDS
    for node, skew in clocks.items():
        if abs(skew) < WARNING_SECONDS:
            continue
        severity: Severity = "broken" if abs(skew) >= BROKEN_SECONDS else "warning"
        direction = "ahead of" if skew > 0 else "behind"
        sentence = f"its clock is {abs(skew):.0f} s {direction} this machine's"
        mend = "run `timedatectl set-ntp true` on it, and see that it reaches a time server"
        if alike:
            mend = f"all machines are off alike: look at this machine's clock first; else {mend}"
        yield Finding("clock", severity, node, sentence, mend)
