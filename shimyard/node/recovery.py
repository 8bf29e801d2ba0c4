"""The boot-time service that takes back what a power cut has interrupted."""

from __future__ import annotations

from shimyard.node.paths import ROOT
from shimyard.rendering import render

RECOVERY_UNIT = "shimyard-recover.service"


def recovery_unit() -> str:
    """The text of the unit file."""
    return render("systemd/shimyard-recover.service.j2", root=ROOT)
