"""Seconds by number of hosts, a panel a delay, as SVG text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from benchmarks.contestants.login import Login
from benchmarks.contestants.shimyard import Up
from benchmarks.report.record import median, spread

_WIDTH: Final = 430
_HEIGHT: Final = 330
_LEFT: Final = 55
_TOP: Final = 40
_RIGHT: Final = 15
_BOTTOM: Final = 45
_LEGEND: Final = 175
_COLOURS: Final = ("#888888", "#0b6e4f", "#d1495b", "#edae49", "#30638e", "#7b4fa3")
_NOT_SHOWN: Final = frozenset({Login.name, Up.name})


def svg(cells: Sequence[Mapping[str, Any]]) -> str:
    """Both axes are logarithmic; a point is a median, its bar goes from the least to the most."""
    grid = [cell for cell in cells if len(cell["contestants"]) > 4]
    delays = sorted({cell["delay"] for cell in grid})
    names = [
        name
        for name in dict.fromkeys(n for cell in grid for n in cell["contestants"])
        if name not in _NOT_SHOWN
    ]
    colours = dict(zip(names, _COLOURS * 9, strict=False))
    width = _WIDTH * len(delays) + _LEGEND
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{_HEIGHT}" fill="white"/>',
    ]
    if grid:
        scale = _Scale(grid)
        for number, delay in enumerate(delays):
            lines.append(f'<g transform="translate({number * _WIDTH} 0)">')
            lines += scale.axes(f"{delay} ms round trip")
            for name in names:
                shown = [c for c in grid if c["delay"] == delay and name in c["contestants"]]
                lines += scale.curve(shown, name, colours[name])
            lines.append("</g>")
    for number, name in enumerate(names):
        x, y = _WIDTH * len(delays) + 5, _TOP + 10 + number * 22
        lines.append(f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colours[name]}"/>')
        lines.append(f'<text x="{x + 12}" y="{y}">{escape(name)}</text>')
    return "\n".join([*lines, "</svg>", ""])


class _Scale:
    """From hosts and seconds to places in a panel."""

    def __init__(self, grid: Sequence[Mapping[str, Any]]) -> None:
        self._hosts = sorted({cell["hosts"] for cell in grid})
        every = [
            value
            for cell in grid
            for result in cell["contestants"].values()
            for value in spread(result["samples"])
        ]
        self._low = math.floor(math.log10(min(every)))
        self._high = max(self._low + 1, math.ceil(math.log10(max(every))))

    def x(self, hosts: int) -> float:
        first, last = math.log10(self._hosts[0]), math.log10(self._hosts[-1])
        part = 0.5 if first == last else (math.log10(hosts) - first) / (last - first)
        return _LEFT + 20 + part * (_WIDTH - _LEFT - _RIGHT - 40)

    def y(self, seconds: float) -> float:
        part = (math.log10(seconds) - self._low) / (self._high - self._low)
        return _HEIGHT - _BOTTOM - part * (_HEIGHT - _TOP - _BOTTOM)

    def axes(self, title: str) -> Iterator[str]:
        yield f'<text x="{_LEFT}" y="{_TOP - 15}" font-weight="bold">{escape(title)}</text>'
        for power in range(self._low, self._high + 1):
            y = self.y(10**power)
            yield (
                f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                'stroke="#dddddd"/>'
            )
            label = f"{10**power:g} s"
            yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
        for hosts in self._hosts:
            place = f'x="{self.x(hosts):.1f}" y="{_HEIGHT - _BOTTOM + 18}"'
            yield f'<text {place} text-anchor="middle">{hosts}</text>'
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        yield f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">hosts</text>'

    def curve(self, cells: Sequence[Mapping[str, Any]], name: str, colour: str) -> Iterator[str]:
        points: list[str] = []
        for cell in sorted(cells, key=lambda each: int(each["hosts"])):
            samples = cell["contestants"][name]["samples"]
            x, y = self.x(cell["hosts"]), self.y(median(samples))
            low, high = (self.y(value) for value in spread(samples))
            points.append(f"{x:.1f},{y:.1f}")
            yield (
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" '
                f'stroke="{colour}"/>'
            )
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
        yield (
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" '
            'stroke-width="1.5"/>'
        )
