"""Precompiled programs whose engine on the machine is another one than they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shimyard.doctor.examination import Examination, Examined
from shimyard.doctor.findings.finding import Finding
from shimyard.doctor.machine import MachineFacts
from shimyard.node.paths import BIN


def other(of: Examination) -> Iterator[Finding]:
    """Of each machine: the files of the stack that its engine would refuse."""
    for node, machine in of.machines.items():
        if not isinstance(machine, Examined):
            continue
        for file in of.settings.files:
            wanted = file.precompiled_for
            if wanted is None or (file.nodes is not None and node not in file.nodes):
                continue
            found = _version(machine.machine, wanted.engine)
            if found != wanted.version:
                there = f"is {wanted.engine} {found}" if found else f"{wanted.engine} does not run"
                yield Finding(
                    "engine",
                    "broken",
                    node,
                    f"{file.path} is precompiled for {wanted.engine} {wanted.version}, and the "
                    f"engine on the machine {there}",
                    of.again,
                )


def _version(machine: MachineFacts, engine: str) -> str | None:
    program = machine.programs.get(f"{BIN}/{engine}")
    if program is None or program.state != "runs":
        return None
    found = re.match(rf"{engine}(?:-cli)? (\S+)", program.words)
    return None if found is None else found[1]
