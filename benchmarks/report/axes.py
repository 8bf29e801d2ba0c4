"""A panel of a plot with logarithmic axes, as lines of SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 430
HEIGHT: Final = 330
LEGEND: Final = 175
TOP: Final = 40
_LEFT: Final = 55
_RIGHT: Final = 15
_BOTTOM: Final = 45
_COLOURS: Final = ("#888888", "#0b6e4f", "#d1495b", "#edae49", "#30638e", "#7b4fa3")

Point = tuple[int, float, tuple[float, float]]
"""How many there are, the median, and the least and the most."""


class Axes:
    """From numbers of things, ``counts``, and values to places in a panel.

    ``of``: what is counted. ``unit``: of the values.
    """

    def __init__(self, counts: Iterable[int], values: Iterable[float], *, of: str, unit: str):
        self._counts = sorted(set(counts))
        every = list(values)
        self._low = math.floor(math.log10(min(every)))
        self._high = max(self._low + 1, math.ceil(math.log10(max(every))))
        self._of = of
        self._unit = unit

    def x(self, count: int) -> float:
        """From the left."""
        first, last = math.log10(self._counts[0]), math.log10(self._counts[-1])
        part = 0.5 if first == last else (math.log10(count) - first) / (last - first)
        return _LEFT + 20 + part * (WIDTH - _LEFT - _RIGHT - 40)

    def y(self, value: float) -> float:
        """From the top."""
        part = (math.log10(value) - self._low) / (self._high - self._low)
        return HEIGHT - _BOTTOM - part * (HEIGHT - TOP - _BOTTOM)

    def lines(self, title: str) -> Iterator[str]:
        """The axes and what stands at them."""
        yield f'<text x="{_LEFT}" y="{TOP - 15}" font-weight="bold">{escape(title)}</text>'
        for power in range(self._low, self._high + 1):
            y = self.y(10**power)
            yield (
                f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                'stroke="#dddddd"/>'
            )
            label = f"{10**power:g} {self._unit}"
            yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
        for count in self._counts:
            place = f'x="{self.x(count):.1f}" y="{HEIGHT - _BOTTOM + 18}"'
            yield f'<text {place} text-anchor="middle">{count}</text>'
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        yield f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{self._of}</text>'

    def curve(self, points: Iterable[Point], colour: str) -> Iterator[str]:
        """A point is a median, its bar goes from the least to the most."""
        way: list[str] = []
        for count, middle, spread in sorted(points):
            x, y = self.x(count), self.y(middle)
            low, high = (self.y(value) for value in spread)
            way.append(f"{x:.1f},{y:.1f}")
            yield (
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" '
                f'stroke="{colour}"/>'
            )
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
        yield (
            f'<polyline points="{" ".join(way)}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        )


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name."""
    return dict(zip(names, _COLOURS * 9, strict=False))


def picture(panels: Sequence[Iterable[str]], names: Sequence[str]) -> str:
    """Panels side by side, and a legend of the names."""
    width = WIDTH * len(panels) + LEGEND
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{HEIGHT}" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        lines += [f'<g transform="translate({number * WIDTH} 0)">', *panel, "</g>"]
    for number, (name, colour) in enumerate(colours(names).items()):
        x, y = WIDTH * len(panels) + 5, TOP + 10 + number * 22
        lines.append(f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colour}"/>')
        lines.append(f'<text x="{x + 12}" y="{y}">{escape(name)}</text>')
    return "\n".join([*lines, "</svg>", ""])
