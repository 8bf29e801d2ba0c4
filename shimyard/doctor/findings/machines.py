"""Machines that do not answer, changes that were cut off, services, orphaned Wasm processes."""

from __future__ import annotations

from collections.abc import Iterator

from shimyard.doctor.examination import Examination, Examined, Silence
from shimyard.doctor.findings.finding import Finding
from shimyard.node.container_runtime import UNIT as CONTAINERD_UNIT


def silent(of: Examination) -> Iterator[Finding]:
    """Machines, and a cluster, that could not be asked."""
    for node, machine in of.machines.items():
        if isinstance(machine, Silence):
            yield Finding("unreachable", "broken", node, machine.cause, machine.mend)
    if isinstance(of.cluster, Silence):
        cause = f"no server of the cluster can be asked: {of.cluster.cause}"
        yield Finding("unreachable", "broken", "", cause, of.cluster.mend)


def changes(of: Examination) -> Iterator[Finding]:
    """Changes that are under way, or were cut off."""
    for node, machine in _answering(of):
        generations = machine.facts.generations
        if generations.running:
            yield Finding(
                "change",
                "warning",
                node,
                "it is at work on a change right now, so what is told here may be out of date",
                "wait for its end, then ask again",
            )
        elif generations.pending:
            yield Finding(
                "change",
                "broken",
                node,
                "a change was cut off, and is neither finished nor taken back",
                f"run `make refresh STACK={of.stack}`, which takes it back, then "
                f"`make up STACK={of.stack}`",
            )


def services(of: Examination) -> Iterator[Finding]:
    """Services of Shimyard that do not run; containerd's own is a link of its handlers."""
    for node, machine in _answering(of):
        for unit, service in sorted(machine.facts.services.units.items()):
            trouble = service.trouble()
            if trouble is not None and unit != CONTAINERD_UNIT:
                mend = f"see `journalctl -u {unit}` on the machine; then {of.again}"
                yield Finding("service", "broken", node, f"{unit} {trouble}", mend)


def orphans(of: Examination) -> Iterator[Finding]:
    """Wasm processes that containerd has forgotten."""
    for node, machine in _answering(of):
        for guest in machine.facts.guests.lost:
            yield Finding(
                "orphan",
                "broken",
                node,
                f"{guest} runs on, though containerd has forgotten it, and keeps its ports",
                f"{of.again}: it ends the process, and nothing that containerd knows",
            )


def _answering(of: Examination) -> Iterator[tuple[str, Examined]]:
    for node, machine in of.machines.items():
        if isinstance(machine, Examined):
            yield node, machine
