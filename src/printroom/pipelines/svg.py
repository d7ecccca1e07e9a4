"""A drawing of a pipeline as SVG: one file without scripts or outside parts, light and dark.

Graph -> SVG text
"""

from __future__ import annotations

import html
import re
from itertools import pairwise

from printroom.pipelines.drawing import Box, Drawing, Line, drawing
from printroom.pipelines.graph import Graph
from printroom.pipelines.layout import Edge, Layout, arranged

MARGIN = 24.0
ROW = 52.0
"""Pixels between the layers' boxes."""
LONGEST = 40
"""Characters of a line of text; the rest is cut."""
_TITLE, _NOTE = 7.6, 6.3
"""Pixels that a character takes, on average, in the sizes 14 and 12."""
_WEIGHT = {Line.PICTURE: 16.0, Line.VALUE: 1.0, Line.CONDITION: 1.0}
"""How straight a line is drawn."""
_APART = 20.0
"""Pixels between the ends of lines that arrive at one box."""
_STYLE = """
  text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; text-anchor: middle;
         fill: #57606a }
  text.title { font-size: 14px; font-weight: 600; fill: #1f2328 }
  .box { fill: #ffffff; stroke: #8c959f; stroke-width: 1.2 }
  .box.input, .box.output { fill: #eef4fb; stroke: #7aa2cf }
  .box.conditional { stroke-dasharray: 5 3 }
  .line { fill: none; stroke: #8c959f; stroke-width: 1.2 }
  .line.picture { stroke: #2f6fb0; stroke-width: 2.4 }
  .line.condition { stroke-dasharray: 4 4 }
  .head { fill: #8c959f } .head.picture { fill: #2f6fb0 }
  .ground { fill: #fbfcfd }
  @media (prefers-color-scheme: dark) {
    text { fill: #9aa4af } text.title { fill: #e6edf3 }
    .box { fill: #1c2128; stroke: #6e7681 }
    .box.input, .box.output { fill: #16263a; stroke: #4d7bb0 }
    .line { stroke: #6e7681 } .line.picture { stroke: #5b9bdb }
    .head { fill: #6e7681 } .head.picture { fill: #5b9bdb }
    .ground { fill: #0d1117 }
  }
"""


def svg(graph: Graph) -> str:
    """The text of an SVG file."""
    drawn = drawing(graph)
    return _Canvas(drawn, graph.title or graph.name).text()


class _Canvas:
    def __init__(self, drawn: Drawing, title: str) -> None:
        self._drawn = drawn
        self._title = title
        weights: dict[Edge, float] = {
            ends: _WEIGHT[line] for ends, (line, _) in drawn.lines.items()
        }
        self._layout: Layout = arranged({box.key: _width(box) for box in drawn.boxes}, weights)
        self._arrival = self._arrivals()
        heights: dict[int, float] = {}
        for box in drawn.boxes:
            layer = self._layout.layer[box.key]
            heights[layer] = max(heights.get(layer, 0.0), _height(box))
        self._middle: dict[int, float] = {}
        self._bottom = MARGIN
        for layer in sorted(heights):
            self._middle[layer] = self._bottom + heights[layer] / 2
            self._bottom += heights[layer] + ROW
        self._bottom += MARGIN - ROW
        self._height = {box.key: _height(box) for box in drawn.boxes}

    def _arrivals(self) -> dict[tuple[str, str], float]:
        """How far from the middle of its box each line arrives, in the order it comes from."""
        found: dict[tuple[str, str], float] = {}
        for box in self._drawn.boxes:
            coming = [ends for ends in self._drawn.lines if ends[1] == box.key]
            coming.sort(key=lambda ends: self._layout.ways[ends][-2][1])
            apart = min(_APART, (_width(box) - 40) / max(len(coming) - 1, 1))
            for number, ends in enumerate(coming):
                found[ends] = (number - (len(coming) - 1) / 2) * apart
        return found

    def text(self) -> str:
        width, height = self._layout.width + 2 * MARGIN, self._bottom
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img">',
            f"<title>{_safe(self._title)}</title>",
            f"<style>{_STYLE}</style>",
            '<rect class="ground" width="100%" height="100%" rx="8"/>',
        ]
        lines = sorted(self._drawn.lines.items(), key=lambda drawn: _WEIGHT[drawn[1][0]])
        parts += [self._line(ends, *what) for ends, what in lines]
        parts += [self._box(box) for box in self._drawn.boxes]
        return "\n".join([*parts, "</svg>"]) + "\n"

    def _box(self, box: Box) -> str:
        x, y = MARGIN + self._layout.x[box.key], self._middle[self._layout.layer[box.key]]
        width, height = _width(box), _height(box)
        style = f"box {box.role}{' conditional' if box.conditional else ''}"
        radius = 8 if box.role == "step" else height / 2
        parts = [
            f'<rect class="{style}" x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" '
            f'width="{width:.1f}" height="{height:.1f}" rx="{radius:.1f}"/>'
        ]
        top = y - height / 2 + 21
        for number, text in enumerate((box.title, *box.notes)):
            kind = "" if number else ' class="title"'
            parts.append(
                f'<text{kind} x="{x:.1f}" y="{top + 17 * number:.1f}">{_safe(text)}</text>'
            )
        return "\n".join(parts)

    def _line(self, ends: tuple[str, str], line: Line, ports: str) -> str:
        """A smooth line from the lower side of one box to the upper side of the other."""
        way = self._layout.ways[ends]
        points = [(MARGIN + x, self._middle[layer]) for layer, x in way]
        points[-1] = points[-1][0] + self._arrival[ends], points[-1][1]
        start, end = (self._height[key] / 2 for key in ends)
        points[0] = points[0][0], points[0][1] + start
        points[-1] = points[-1][0], points[-1][1] - end - 7
        path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
        for (x0, y0), (x1, y1) in pairwise(points):
            bend = (y1 - y0) / 2
            path += f" C{x0:.1f},{y0 + bend:.1f} {x1:.1f},{y1 - bend:.1f} {x1:.1f},{y1:.1f}"
        x, y = points[-1]
        return (
            f'<g><title>{_safe(ports)}</title><path class="line {line}" d="{path}"/>'
            f'<path class="head {line}" d="M{x - 4.5:.1f},{y - 1:.1f} h9 l-4.5,8 z"/></g>'
        )


def _width(box: Box) -> float:
    title, *notes = (_cut(text) for text in (box.title, *box.notes))
    return max(72.0, 32 + max(_TITLE * len(title), *(_NOTE * len(note) for note in notes), 0))


def _height(box: Box) -> float:
    return 34.0 + 17 * len(box.notes)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _safe(text: str) -> str:
    """Without what XML cannot hold, cut, and escaped."""
    return html.escape(re.sub(r"[^\x20-\ud7ff\ue000-\ufffd]", " ", _cut(text)))
