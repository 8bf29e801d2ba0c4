"""The results of the containers' benchmark as Markdown, and as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.report.axes import Axes, colours, picture
from benchmarks.report.claims import claims
from benchmarks.report.record import median, spread
from benchmarks.report.tables import table

CONTAINERS: Final = "containers"
_MIB: Final = 2**20
_INTRODUCTION: Final = """\
Written by `python -m benchmarks.wasm`; nothing in here is by hand.

One lab node with containerd, runc and the wasmtime shim, made by Shimyard. The program is the
lab's greeter, run in three ways by `ctr`, without Kubernetes: as a WASI 0.2 component in a layer
of its own, which the shim compiles once a node; as the same component in a file of an image, which
is compiled at each start; and as the same Rust code in a static program with hyper, in an image
with nothing else, run by runc. That is the least that an ordinary container can be: one with a
distribution and an interpreter, which most of the field's figures are about, starts slower and is
larger. All use the node's own network. The kinds take turns, each round in another order; what
stands here are medians, with the least and the most of all runs.
"""


def document(content: Mapping[str, Any], plot: str) -> str:
    """The whole report. ``plot``: the name of the picture beside it."""
    part = content["parts"][CONTAINERS]
    lines = [f"# Wasm beside ordinary containers, {content['date']}", "", _INTRODUCTION]
    if content.get("note"):
        lines += [f"**{content['note']}**", ""]
    for title in ("machine", "versions"):
        lines.append(", ".join(f"{name} {what}" for name, what in content[title].items()) + ".")
        lines.append("")
    lines += ["## What the field says", "", *table(("claim", "measured", ""), [
        (claim.what, claim.number, claim.verdict) for claim in claims(part)
    ])]  # fmt: skip
    lines += ["", f"![Start and memory by number of containers]({plot})", ""]
    lines += [*_starts(part), *_images(part), *_load(part), *_memory(part)]
    return "\n".join(lines)


def svg(content: Mapping[str, Any]) -> str:
    """Seconds until all answer and MiB each, by the number of containers; logarithmic axes."""
    samples = content["parts"][CONTAINERS]["samples"]
    panels = [
        _panel("all answer", "s", samples, lambda _count, each: each["seconds"]),
        _panel("memory each", "MiB", samples, _mebibytes),
    ]
    return picture(panels, list(samples))


def _mebibytes(count: int, sample: Mapping[str, Any]) -> float:
    bytes_each: float = sample["bytes"]["nodes"] / count / _MIB
    # The kernel gives and takes in steps: of a few containers there may be nothing to be seen.
    return max(bytes_each, 0.01)


def _panel(title: str, unit: str, samples: Mapping[str, Any], value: Any) -> list[str]:
    found = {
        name: [
            (int(count), [{"value": value(int(count), each)} for each in runs])
            for count, runs in kind["many"].items()
        ]
        for name, kind in samples.items()
    }
    counts = [count for points in found.values() for count, _ in points]
    values = [each["value"] for points in found.values() for _, runs in points for each in runs]
    axes = Axes(counts, values, of="containers", unit=unit)
    lines = [*axes.lines(title)]
    for name, colour in colours(list(found)).items():
        points = [
            (count, median(runs, "value"), spread(runs, "value")) for count, runs in found[name]
        ]
        lines += axes.curve(points, colour)
    return lines


def _starts(part: Mapping[str, Any]) -> Iterator[str]:
    yield "## One container"
    yield ""
    yield "Milliseconds from the call of `ctr` to the first answer over HTTP. Warm: the image is"
    yield "there and has run before. Cold: from an archive of the image on the node's disk; what"
    yield "was unpacked and compiled before is gone, but the kernel's cache of files is as it is."
    yield ""
    rows = []
    for name, samples in part["samples"].items():
        for how in ("warm", "cold"):
            found = samples[how]
            rows.append((name, how, str(len(found)), *_scaled(found, "seconds", 1000, 0)))
    yield from table(("", "", "runs", "ms, median", "least to most"), rows)
    yield ""


def _images(part: Mapping[str, Any]) -> Iterator[str]:
    yield "## Image"
    yield ""
    yield "kB: as a registry sends it, and all that containerd keeps of it after the first start."
    yield ""
    rows = []
    for name, samples in part["samples"].items():
        disk, _ = _scaled(samples["cold"], "disk", 1e-3, 0)
        rows.append((name, f"{part['images'][name] / 1000:.0f}", disk))
    yield from table(("", "in the registry", "on the node"), rows)
    yield ""


def _load(part: Mapping[str, Any]) -> Iterator[str]:
    yield "## Throughput"
    yield ""
    yield f"wrk on the same machine, {part['load seconds']} s a run, one thread. The shim makes a"
    yield "new instance for each request, the ordinary program serves all out of one process."
    yield ""
    rows = []
    for name, samples in part["samples"].items():
        for connections, found in samples["load"].items():
            half, _ = _scaled(found, "half", 1000, 2)
            most, _ = _scaled(found, "most", 1000, 2)
            rows.append((name, connections, *_scaled(found, "rate", 1, 0), half, most))
    head = ("", "connections", "requests a second", "least to most", "half within, ms",
            "99 % within, ms")  # fmt: skip
    yield from table(head, rows)
    yield ""


def _memory(part: Mapping[str, Any]) -> Iterator[str]:
    yield "## Density"
    yield ""
    yield "MiB each, medians. `node`: by how much the node's working set grew, all of the kernel's"
    yield "own memory included. Processes are counted with shared pages once (PSS). `cgroup` is the"
    yield "working set of the containers' own cgroups, which is what limits are about."
    yield ""
    rows = []
    for name, samples in part["samples"].items():
        for count, found in samples["many"].items():
            weights = [each["bytes"] for each in found]
            scale = 1 / int(count) / _MIB
            each = [
                _scaled(weights, field, scale, 2)[0] for field in ("containers", "shims", "cgroups")
            ]
            seconds, _ = _scaled(found, "seconds", 1, 2)
            node = _scaled(weights, "nodes", scale, 1)
            rows.append((name, count, str(len(found)), seconds, *node, *each))
    head = ("", "containers", "rounds", "all answer, s", "node", "least to most", "process",
            "shim", "cgroup")  # fmt: skip
    yield from table(head, rows)
    yield ""


def _scaled(
    found: Sequence[Mapping[str, float]], field: str, scale: float, digits: int
) -> tuple[str, str]:
    low, high = (each * scale for each in spread(found, field))
    return f"{median(found, field) * scale:.{digits}f}", f"{low:.{digits}f} to {high:.{digits}f}"
