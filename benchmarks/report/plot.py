"""Seconds by number of hosts, a panel a delay, as SVG text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.contestants.login import Login
from benchmarks.contestants.shimyard import Up
from benchmarks.report.axes import Axes, colours, picture
from benchmarks.report.record import median, spread

_NOT_SHOWN: Final = frozenset({Login.name, Up.name})

Cells = Sequence[Mapping[str, Any]]


def svg(cells: Cells) -> str:
    """Both axes are logarithmic."""
    grid = [cell for cell in cells if len(cell["contestants"]) > 4]
    names = [
        name
        for name in dict.fromkeys(n for cell in grid for n in cell["contestants"])
        if name not in _NOT_SHOWN
    ]
    if not grid:
        return picture([], names)
    values = [
        value
        for cell in grid
        for result in cell["contestants"].values()
        for value in spread(result["samples"])
    ]
    axes = Axes((cell["hosts"] for cell in grid), values, of="hosts", unit="s")
    delays = sorted({cell["delay"] for cell in grid})
    return picture([list(_panel(axes, grid, delay, names)) for delay in delays], names)


def _panel(axes: Axes, grid: Cells, delay: int, names: Sequence[str]) -> Iterator[str]:
    yield from axes.lines(f"{delay} ms round trip")
    for name, colour in colours(names).items():
        shown = [c for c in grid if c["delay"] == delay and name in c["contestants"]]
        samples = [(cell["hosts"], cell["contestants"][name]["samples"]) for cell in shown]
        points = [(hosts, median(each), spread(each)) for hosts, each in samples]
        yield from axes.curve(points, colour)
