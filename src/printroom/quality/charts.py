"""Plots as SVG: grouped bars, lines, dots. No library, no script, no outside reference.

    names and numbers -> bars() | lines() | dots() -> SVG -> png() -> PNG      Unwritable

Colours stand in the elements, for whoever sees the file alone; a page may overrule them by the
classes `ink`, `faint`, `ground` and `c0` to `c7`. Every text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from printroom.core.errors import Unwritable
from printroom.imaging.vips import last_line, pyvips

COLOURS = (
    "#7a7f87",
    "#c2410c",
    "#0e7490",
    "#7e22ce",
    "#4d7c0f",
    "#b45309",
    "#be185d",
    "#1d4ed8",
)
"""Of the series; the first is the floor's. They repeat when there are more."""
INK, FAINT, GROUND = "#1f2328", "#d0d4d9", "#ffffff"
WIDTH, HEIGHT = 760, 340
LEFT, RIGHT, BOTTOM = 64, 20, 46
MOST_DOTS = 24
"""Points of a line that are marked; more would run into each other."""
LETTER = 6.6
"""Width of a letter of 12 px, about."""
Values = Sequence[float | None]


@dataclass(frozen=True)
class Series:
    """One method's numbers; None where it has none."""

    name: str
    values: Values
    colour: int
    """Place in COLOURS."""
    dashed: bool = False
    """Whether it is told rather than measured."""


def bars(title: str, groups: Sequence[str], series: Sequence[Series]) -> str:
    """Bars side by side in groups, from zero; `values` of each series as long as `groups`."""
    plot = _Plot(title, series)
    plot.scale([0.0, *_finite(series)])
    room = (WIDTH - LEFT - RIGHT) / max(1, len(groups))
    wide = min(48.0, 0.8 * room / max(1, len(series)))
    zero = plot.y(0.0)
    for place, group in enumerate(groups):
        middle = LEFT + (place + 0.5) * room
        plot.text(middle, plot.bottom + 18, _short(group, room - 8), "middle")
        for number, row in enumerate(series):
            value = row.values[place]
            if value is not None and math.isfinite(value):
                x = middle + (number - len(series) / 2) * wide
                plot.bar(x, min(zero, plot.y(value)), wide - 2, abs(plot.y(value) - zero), row)
    plot.line(LEFT, zero, WIDTH - RIGHT, zero, "ink", INK)
    return plot.svg()


def lines(title: str, places: Sequence[str], series: Sequence[Series]) -> str:
    """A line for each series over evenly spaced `places`; the axis begins where the values do."""
    plot = _Plot(title, series)
    plot.scale(_finite(series))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(places))
    xs = [LEFT + (place + 0.5) * step for place in range(len(places))]
    every = max(1, math.ceil(len(places) * 48 / (WIDTH - LEFT - RIGHT)))
    for x, name in list(zip(xs, places, strict=True))[::every]:
        plot.text(x, plot.bottom + 18, _short(name, every * step - 8), "middle")
    for row in series:
        points = [
            (x, plot.y(value))
            for x, value in zip(xs, row.values, strict=True)
            if value is not None and math.isfinite(value)
        ]
        plot.path(points, row)
    return plot.svg()


def dots(title: str, rows: Sequence[Series]) -> str:
    """One value for each row, on a line of its own; filled where it was measured."""
    shown = [row for row in rows if row.values[0] is not None and math.isfinite(row.values[0])]
    left = LEFT + min(260.0, max((len(row.name) for row in shown), default=0) * LETTER)
    plot = _Plot(title, (), height=96 + 26 * len(shown))
    ticks = _ticks([float(row.values[0] or 0) for row in shown])
    span = (WIDTH - RIGHT - 60 - left) / ((ticks[-1] - ticks[0]) or 1)
    for tick in ticks:
        x = left + (tick - ticks[0]) * span
        plot.line(x, plot.top, x, plot.bottom, "faint", FAINT)
        plot.text(x, plot.bottom + 18, _number(tick), "middle")
    for place, row in enumerate(shown):
        value = float(row.values[0] or 0)
        x, y = left + (value - ticks[0]) * span, plot.top + 13 + 26 * place
        plot.text(left - 10, y + 4, _short(row.name, left - 14), "end")
        plot.dot(x, y, row)
        plot.text(x + 11, y + 4, f"{value:.2f}", "start")
    return plot.svg()


def png(svg: str, scale: float = 2.0) -> bytes:
    """The plot as a PNG of `scale` pixels for each of its own. Raises Unwritable.

    Text needs a font on this machine: without one it is left out.
    """
    family = "VipsForeignLoadSvg"
    pyvips.operation_block_set(family, False)  # shut for what comes from outside; this is ours
    try:
        image = pyvips.Image.svgload_buffer(svg.encode(), scale=scale)
        return bytes(image.flatten(background=255).pngsave_buffer())
    except pyvips.Error as error:
        raise Unwritable("the plots cannot be drawn as PNG", last_line(error)) from error
    finally:
        pyvips.operation_block_set(family, True)


class _Plot:
    """An SVG in the making: title, legend, axis, marks."""

    def __init__(self, title: str, series: Sequence[Series], height: int = HEIGHT) -> None:
        self._title, self._parts = title, list[str]()
        self.text(LEFT - 44, 22, title, "start", weight=600)
        y = self._legend(series) if series else 34
        self._height = height + max(0, y - 40)
        self.top, self.bottom = y + 20.0, self._height - float(BOTTOM)
        self._low, self._span = 0.0, 1.0

    def scale(self, values: Sequence[float]) -> None:
        """Fit the axis to `values` and draw its lines."""
        ticks = _ticks(values)
        self._low, self._span = ticks[0], (ticks[-1] - ticks[0]) or 1.0
        for tick in ticks:
            y = self.y(tick)
            self.line(LEFT, y, WIDTH - RIGHT, y, "faint", FAINT)
            self.text(LEFT - 8, y + 4, _number(tick), "end")

    def y(self, value: float) -> float:
        """Where a value lies."""
        return self.bottom - (value - self._low) / self._span * (self.bottom - self.top)

    def text(self, x: float, y: float, words: str, anchor: str, weight: int = 400) -> None:
        self._parts.append(
            f'<text class="ink" fill="{INK}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
            f' font-weight="{weight}">{escape(words)}</text>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str, colour: str) -> None:
        self._parts.append(
            f'<path class="{kind}" stroke="{colour}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'
        )

    def bar(self, x: float, y: float, width: float, height: float, row: Series) -> None:
        self._parts.append(
            f'<rect {_fill(row)} x="{x:.1f}" y="{y:.1f}" width="{max(1.0, width):.1f}"'
            f' height="{max(0.5, height):.1f}"/>'
        )

    def path(self, points: Sequence[tuple[float, float]], row: Series, dots: bool = True) -> None:
        """A line, with a dot at each point unless there are very many."""
        if not points:
            return
        way = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if row.dashed else ""
        self._parts.append(
            f'<path class="{_name(row)} stroke" stroke="{_colour(row)}" fill="none"'
            f' stroke-width="2"{dash} d="M{way}"/>'
        )
        if dots and len(points) <= MOST_DOTS:
            for x, y in points:
                self.dot(x, y, row, 3.5)

    def dot(self, x: float, y: float, row: Series, radius: float = 5.0) -> None:
        """Hollow for what is told, filled for what was measured."""
        look = (
            f'class="{_name(row)} stroke ground" stroke="{_colour(row)}" fill="{GROUND}"'
            if row.dashed
            else _fill(row)
        )
        self._parts.append(f'<circle {look} cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>')

    def svg(self) -> str:
        """The whole, accessible by its title."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self._height}"'
            f' width="{WIDTH}" height="{self._height}" role="img" font-size="12"'
            f' font-family="DejaVu Sans, Liberation Sans, sans-serif">'
            f"<title>{escape(self._title)}</title>{''.join(self._parts)}</svg>"
        )

    def _legend(self, series: Sequence[Series]) -> int:
        """Name each series, in as many rows as it takes; returns where they end."""
        x, y = float(LEFT - 44), 44
        for row in series:
            name = _short(row.name, 300)
            wide = 30 + len(name) * LETTER + 12
            if x + wide > WIDTH - RIGHT and x > LEFT:
                x, y = float(LEFT - 44), y + 20
            if row.dashed:
                self.path([(x, y - 4), (x + 18, y - 4)], row, dots=False)
            else:
                self.bar(x + 3, y - 9, 11, 11, row)
            self.text(x + 24, y, name, "start")
            x += wide
        return y


def _finite(series: Sequence[Series]) -> list[float]:
    return [
        value
        for row in series
        for value in row.values
        if value is not None and math.isfinite(value)
    ] or [0.0, 1.0]


def _ticks(values: Sequence[float]) -> list[float]:
    """Four to nine round numbers that enclose `values`, steps of 1, 2 or 5 and zeros."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(power * n for n in (1, 2, 5, 10) if (high - low) / (power * n) <= 6)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) >= 1e-9 else "0"


def _short(words: str, room: float) -> str:
    """`words`, cut to about `room` pixels."""
    most = max(3, int(room / LETTER))
    return words if len(words) <= most else words[: most - 1] + "…"


def _name(row: Series) -> str:
    return f"c{row.colour % len(COLOURS)}"


def _colour(row: Series) -> str:
    return COLOURS[row.colour % len(COLOURS)]


def _fill(row: Series) -> str:
    return f'class="{_name(row)}" fill="{_colour(row)}"'
