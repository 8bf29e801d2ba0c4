"""What a node costs as a stack grows: a table, where the curve bends, and a plot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.report.axes import Axes, Point, colours, picture
from benchmarks.report.record import median, spread
from benchmarks.report.tables import table

Samples = Sequence[Mapping[str, Any]]
Parts = Mapping[str, Mapping[str, Any]]

# Field of a sample -> its title, its unit, and how many of the sample's own make one.
MEASURES: Final = {
    "cpu": ("processor seconds", "s", 1.0),
    "seconds": ("seconds", "s", 1.0),
    "memory": ("memory at most", "MB", 1e6),
}
FLAT: Final = 0.25
"""How far the cost of a further node may be from that in a smaller stack."""

_INTRODUCTION: Final = """\
Written by `python -m benchmarks.scale`; nothing in here is by hand.

One stack: a K3s server and its agents, each node with its container runtime (containerd, runc,
CNI plugins, a shim, an engine), three files, K3s, labels and a zone. The program is the product's
without what runs inside the cluster; the engine, the SDK and the provider are the real ones, with
a state in a local file. All figures are of the controller: engine, language host, program and
providers together.

**The machines are simulated**, by one process: an SSH server in Paramiko that plays all of them.
The handshakes, the encryption, the channels and every byte of the protocol between the provider
and a node are real, and so is what is compared at the end: the digest of every file and the
labels of every node must be as wanted, nobody may have been asked by a preview or a no-op `up`,
everybody by a refresh. But no service starts there, nothing is downloaded, no container runs and
no network is in between: an answer comes at once. So this says what a node costs the controller,
not how long a rollout takes.

A command begins with what costs the same for any stack: it starts the engine, Python and the
provider, which is most of the cost with 10 nodes. So what is judged is what each further node
costs: from 10 to 100 nodes, and from 100 to 1,000. Processor seconds are the steadier measure;
all of it, the simulated machines too, shares the processors of one machine.
"""


@dataclass(frozen=True)
class Step:
    """From one size of the stack to the next: what each further node costs, in a measure's unit.

    ``ratio``: to what it cost in the step before; None in the first one, or if it was nothing.
    """

    command: str
    measure: str
    fewer: int
    more: int
    each: float
    ratio: float | None

    @property
    def flat(self) -> bool | None:
        """Whether it is as it was; None if there is nothing to compare it with. Less is no harm."""
        return None if self.ratio is None else self.ratio <= 1 + FLAT


def samples_of(parts: Parts) -> dict[str, dict[int, Samples]]:
    """Command -> number of nodes -> what was measured."""
    found: dict[str, dict[int, Samples]] = {}
    for part in sorted(parts.values(), key=lambda each: int(each["nodes"])):
        for command, samples in part["commands"].items():
            found.setdefault(command, {})[part["nodes"]] = samples
    return found


def steps(parts: Parts) -> list[Step]:
    """Every step of every command, in every measure."""
    return [
        step
        for command, sizes in samples_of(parts).items()
        for measure in MEASURES
        for step in _steps(command, measure, sizes)
    ]


def _steps(command: str, measure: str, sizes: Mapping[int, Samples]) -> Iterator[Step]:
    before: float | None = None
    for fewer, more in zip(sizes, list(sizes)[1:], strict=False):
        grown = median(sizes[more], measure) - median(sizes[fewer], measure)
        each = grown / (more - fewer) / MEASURES[measure][2]
        ratio = each / before if before is not None and before > 0 else None
        yield Step(command, measure, fewer, more, each, ratio)
        before = each


def document(content: Mapping[str, Any], plot: str) -> str:
    """The whole report. ``plot``: the name of the picture beside it."""
    parts: Parts = content["parts"]
    lines = [f"# Shimyard by number of nodes, {content['date']}", "", _INTRODUCTION]
    for title in ("machine", "versions"):
        lines += [", ".join(f"{name} {what}" for name, what in content[title].items()) + ".", ""]
    lines += [f"![What a node costs]({plot})", "", "## What a further node costs", ""]
    lines += [*_further(parts), ""]
    for command, sizes in samples_of(parts).items():
        lines += [f"## {command[0].upper()}{command[1:]}", "", *_command(sizes), ""]
    states = [
        (f"{part['nodes']:,}", f"{state / 1e6:.2f} MB", f"{state / part['nodes'] / 1e3:.1f} kB")
        for part in parts.values()
        for state in [part["state"]]
    ]
    lines += ["## The state", "", *table(("nodes", "size", "a node"), states), ""]
    return "\n".join(lines)


def _further(parts: Parts) -> Iterator[str]:
    head = ("", "measure", "from", "to", "each further node", "of the step before", "")
    rows = []
    for step in steps(parts):
        title, unit, _ = MEASURES[step.measure]
        ratio = "" if step.ratio is None else f"{step.ratio:.2f} times"
        verdict = {True: "flat", False: "**bends**", None: ""}[step.flat]
        each = f"{step.each:.4f} {unit}" if unit == "s" else f"{step.each:.2f} {unit}"
        rows.append(
            (step.command, title, f"{step.fewer:,}", f"{step.more:,}", each, ratio, verdict)
        )
    yield from table(head, rows)


def _command(sizes: Mapping[int, Samples]) -> Iterator[str]:
    head = ("nodes", "runs", "seconds", "least to most", "processor s", "least to most", "a node",
            "memory", "a node", "connections", "processor s by process",
            "memory by process")  # fmt: skip
    rows = []
    for nodes, samples in sizes.items():
        seconds, cpu, memory = (median(samples, name) for name in ("seconds", "cpu", "memory"))
        rows.append(
            (
                f"{nodes:,}",
                str(len(samples)),
                f"{seconds:.1f}",
                "{:.1f} to {:.1f}".format(*spread(samples, "seconds")),
                f"{cpu:.1f}",
                "{:.1f} to {:.1f}".format(*spread(samples, "cpu")),
                f"{cpu / nodes:.3f}",
                f"{memory / 1e6:.0f} MB",
                f"{memory / nodes / 1e6:.2f} MB",
                f"{median(samples, 'connections'):,.0f}",
                _by_process(samples, "cpu", "{:.1f}", 1),
                _by_process(samples, "memory", "{:.0f} MB", 1e6),
            )
        )
    yield from table(head, rows)


def _by_process(samples: Samples, field: str, form: str, one: float) -> str:
    roles = dict.fromkeys(role for sample in samples for role in sample["by process"])
    told = {
        role: median([each["by process"][role] for each in samples if role in each["by process"]],
                     field) / one
        for role in roles
    }  # fmt: skip
    largest = sorted(told, key=lambda role: -told[role])[:3]
    return ", ".join(f"{role} {form.format(told[role])}" for role in largest)


def svg(parts: Parts) -> str:
    """A panel a measure: what a node costs, everything that the command took spread over all."""
    every = samples_of(parts)
    if not every:
        return picture([], [])
    panels = []
    for measure, (title, unit, one) in MEASURES.items():
        curves = {
            command: [_point(nodes, samples, measure, one) for nodes, samples in sizes.items()]
            for command, sizes in every.items()
        }
        points = [point for curve in curves.values() for point in curve]
        values = [value for _, _, spread_of in points for value in spread_of]
        axes = Axes((count for count, _, _ in points), values, of="nodes", unit=unit)
        panel = [*axes.lines(f"{title} a node")]
        for command, colour in colours(list(curves)).items():
            panel += axes.curve(curves[command], colour)
        panels.append(panel)
    return picture(panels, list(every))


def _point(nodes: int, samples: Samples, measure: str, one: float) -> Point:
    low, high = spread(samples, measure)
    a_node = nodes * one
    return nodes, median(samples, measure) / a_node, (low / a_node, high / a_node)
