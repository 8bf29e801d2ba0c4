"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.contestants.bare import Facts
from benchmarks.contestants.login import Login
from benchmarks.contestants.shimyard import Refresh
from benchmarks.report.goals import INSTALL, PREVIEWS, goals
from benchmarks.report.record import median, spread

_INTRODUCTION: Final = """\
Written by `python -m benchmarks.node`; nothing in here is by hand.

Every host is a real sshd in a network namespace of its own, over Debian's base with systemd and
Python installed but no systemd running. Contestants run in another namespace; a userspace line
between the two delays every packet and counts it. All hosts share the machine's processors with
the contestant, so with no delay the hosts' own work is most of a run's time: see the processor
seconds. Every run was checked to look at all hosts and to find nothing to do; on few hosts also
that a drifted file is found. Connections are not kept from one run to the next.

Round trips are the longest chain of packets with payload in which each was sent only after the
one before had arrived; the handshake of TCP counts as one. Memory is the peak of all processes on
the controller together, shared pages counted once. `login alone` is Shimyard's SSH login without
anything else, `Shimyard facts` its node engine without Pulumi.
"""


def document(content: Mapping[str, Any], plot: str) -> str:
    """The whole report. ``plot``: the name of the picture beside it."""
    parts: Mapping[str, Any] = content["parts"]
    cells = [part for part in parts.values() if "contestants" in part]
    lines = [f"# Shimyard and its peers, {content['date']}", "", _INTRODUCTION]
    for title in ("machine", "versions"):
        lines.append(", ".join(f"{name} {what}" for name, what in content[title].items()) + ".")
        lines.append("")
    lines += ["## Goals", "", *table(("goal", "measured", ""), [
        (goal.what, goal.number, goal.verdict) for goal in goals(parts)
    ])]  # fmt: skip
    lines += ["", f"![Seconds by hosts]({plot})", ""]
    for cell in cells:
        lines += [*_cell(cell), ""]
    lines += [*_profile(cells), *_install(parts.get(INSTALL)), *_previews(parts.get(PREVIEWS))]
    lines += ["## Settings", "", *_means(cells), ""]
    return "\n".join(lines)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A Markdown table, line by line."""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def _cell(cell: Mapping[str, Any]) -> Iterator[str]:
    hosts = cell["hosts"]
    yield (
        f"## {hosts} host{'s' * (hosts > 1)}, {cell['delay']} ms, "
        f"{cell['operations']} operations a host"
    )
    yield ""
    head = ("", "seconds, median", "least to most", "round trips", "processor s a host: controller",
            "host", "peak memory")  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for name, result in cell["contestants"].items():
        samples = result["samples"]
        low, high = spread(samples)
        memory = result.get("peak memory")
        trips = f"{median(samples, 'round_trips'):.0f}" if cell["delay"] else ""
        rows.append(
            (
                name,
                f"{median(samples):.2f}",
                f"{low:.2f} to {high:.2f}",
                trips,
                f"{median(samples, 'controller_cpu') / hosts:.3f}",
                f"{median(samples, 'hosts_cpu') / hosts:.3f}",
                "" if memory is None else f"{memory / 1e6:.0f} MB",
            )
        )
    yield from table(head, rows)


def _profile(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Where a refresh spends its processor time, as differences of what was measured."""
    yield "## Where a refresh spends its time"
    yield ""
    yield "Processor seconds of all hosts together; medians, and differences between them."
    yield ""
    head = ("", "login: hosts", "facts: hosts", "login: controller", "facts: controller",
            "Pulumi and provider: controller", "all", "wall")  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for cell in cells:
        found = cell["contestants"]
        login, facts, refresh = (
            {
                field: median(found[name]["samples"], field)
                for field in ("hosts_cpu", "controller_cpu", "seconds")
            }
            for name in (Login.name, Facts.name, Refresh.name)
        )
        spent = (
            login["hosts_cpu"],
            refresh["hosts_cpu"] - login["hosts_cpu"],
            login["controller_cpu"],
            facts["controller_cpu"] - login["controller_cpu"],
            refresh["controller_cpu"] - facts["controller_cpu"],
            refresh["hosts_cpu"] + refresh["controller_cpu"],
            refresh["seconds"],
        )
        what = f"{cell['hosts']} hosts, {cell['delay']} ms, {cell['operations']} operations"
        rows.append((what, *(f"{seconds:.2f}" for seconds in spent)))
    yield from table(head, rows)
    yield ""


def _install(part: Any) -> Iterator[str]:
    if part is None:
        return
    yield "## First install"
    yield ""
    named = ", ".join(f"{name} {version}" for name, version in part["artifacts"].items())
    yield f"{named}: {part['compressed bytes']:,} bytes compressed. Bytes that TCP carried:"
    yield ""
    head = ("", "seconds", "the controller sends", "the node answers", "mirror and node")
    fields = ("seconds", "controller sends", "node answers", "mirror")
    rows = [
        (way, *(f"{part[way][field]:,}" for field in fields))
        for way in ("with a mirror", "streamed")
    ]
    yield from table(head, rows)
    yield ""


def _previews(part: Any) -> Iterator[str]:
    if part is None:
        return
    yield "## Previews"
    yield ""
    head = ("", "resources", "", "seconds, median", "least to most", "processor seconds")
    rows: list[tuple[str, ...]] = []
    for shape, measured in part["shapes"].items():
        for who, samples in measured["samples"].items():
            low, high = spread(samples)
            seconds, cpu = f"{median(samples):.2f}", f"{median(samples, 'cpu'):.2f}"
            count = str(measured["resources"])
            rows.append((shape, count, who, seconds, f"{low:.2f} to {high:.2f}", cpu))
    yield from table(head, rows)
    yield ""


def _means(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    means = {
        name: result["means"] for cell in cells for name, result in cell["contestants"].items()
    }
    return [f"- {name}: {what}" for name, what in means.items()]
