"""Certificates of K3s that have ended, or soon will.

Source: https://docs.k3s.io/cli/certificate. They are good for 365 days, and renewed by every start
within the last 90 of them (120 in newer releases); authorities are good for ten years.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from shimyard.doctor.certificates import Certificate
from shimyard.doctor.examination import Examination, Examined
from shimyard.doctor.findings.finding import Finding, Severity, some

_DAY = 86_400
WARNING_DAYS = 30
BROKEN_DAYS = 7


def ending(of: Examination) -> Iterator[Finding]:
    """Of each machine: one finding for certificates that K3s renews, one for authorities."""
    for node, machine in of.machines.items():
        if not isinstance(machine, Examined):
            continue
        soon = [
            each
            for each in sorted(machine.machine.certificates, key=lambda each: each.ends)
            if each.ends - of.now < WARNING_DAYS * _DAY
        ]
        renewed = [each for each in soon if not _is_authority(each)]
        if renewed:
            mend = f"run `systemctl restart {of.unit(node)}` on it, servers first: K3s renews them "
            mend += "when it starts, and pods run on meanwhile"
            yield _finding(of, node, renewed, mend)
        authorities = [each for each in soon if _is_authority(each)]
        if authorities:
            mend = "replace the authorities: https://docs.k3s.io/cli/certificate, rotate-ca"
            yield _finding(of, node, authorities, mend)


def _is_authority(found: Certificate) -> bool:
    # K3s has server-ca.crt and server-ca.nochain.crt, for one.
    return found.path.rpartition("/")[2].partition(".")[0].endswith("ca")


def _finding(of: Examination, node: str, soon: Sequence[Certificate], mend: str) -> Finding:
    first = soon[0].ends
    left = first - of.now
    severity: Severity = "broken" if left < BROKEN_DAYS * _DAY else "warning"
    date = datetime.fromtimestamp(first, UTC).strftime("%Y-%m-%d")
    when = f"ended on {date}" if left <= 0 else f"end from {date} on, in {left / _DAY:.0f} days"
    return Finding("certificate", severity, node, f"{some([e.path for e in soon])} {when}", mend)
