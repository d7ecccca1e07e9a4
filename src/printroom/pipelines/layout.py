"""Where the boxes of a drawing lie: layers from top to bottom, few crossings, straight lines.

    widths of boxes, edges -> a place for each box, and the points each edge passes through

Layers by the longest way, long edges bent at every layer they cross, order by barycentres, and
within that order the places of least squared distance to the neighbours (Sugiyama, Tagawa and
Toda 1981).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Box = Hashable
Edge = tuple[Box, Box]
Links = dict[Box, dict[Box, float]]
"""Box -> its neighbours in the layers above and below, with the weight of what joins them."""
GAP = 28.0
"""Pixels between neighbours of a layer."""
BEND = 12.0
"""Width that a passing edge takes."""
SWEEPS = 40
"""Passes down and up; drawings of a few dozen boxes settle sooner."""


@dataclass(frozen=True)
class Layout:
    """Boxes in layers."""

    layer: Mapping[Box, int]
    """From the top, 0 first."""
    x: Mapping[Box, float]
    """Middle of each box, from the left end of the drawing."""
    ways: Mapping[Edge, tuple[tuple[int, float], ...]]
    """Edge -> (layer, x) of its ends and of every layer in between."""
    width: float


def arranged(widths: Mapping[Box, float], edges: Mapping[Edge, float]) -> Layout:
    """A place for each box; `edges` lead from box to box without a circle.

    The greater the weight of an edge, the straighter it is drawn.
    """
    layer = _layers(list(widths), list(edges))
    ways = {edge: _way(edge, layer) for edge in edges}
    sizes = dict(widths)
    links: Links = defaultdict(dict)
    for edge, way in ways.items():
        for above, below in pairwise(way):
            links[above][below] = links[below][above] = edges[edge]
            sizes.setdefault(above, BEND)
            sizes.setdefault(below, BEND)
    rows: list[list[Box]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for box in sizes:
        rows[_row(box, layer)].append(box)
    for sweep in range(SWEEPS):
        _reorder(rows, links, downwards=sweep % 2 == 0)
    x = _places(rows, links, sizes)
    left = min((x[box] - sizes[box] / 2 for box in sizes), default=0.0)
    x = {box: place - left for box, place in x.items()}
    right = max((x[box] + sizes[box] / 2 for box in sizes), default=0.0)
    routed = {edge: tuple((_row(box, layer), x[box]) for box in way) for edge, way in ways.items()}
    return Layout(layer, {box: x[box] for box in widths}, routed, right)


def _layers(boxes: Sequence[Box], edges: Sequence[Edge]) -> dict[Box, int]:
    """Longest way from the top; what nothing leads to is drawn down to what it leads to."""
    layer = dict.fromkeys(boxes, 0)
    for _ in boxes:
        moved = False
        for above, below in edges:
            if layer[below] <= layer[above]:
                layer[below] = layer[above] + 1
                moved = True
        if not moved:
            break
    fed = {below for _, below in edges}
    for box in boxes:
        lower = [layer[below] for above, below in edges if above == box]
        if box not in fed and lower:
            layer[box] = min(lower) - 1
    return layer


def _way(edge: Edge, layer: Mapping[Box, int]) -> list[Box]:
    above, below = edge
    between = range(layer[above] + 1, layer[below])
    return [above, *((edge, number) for number in between), below]


def _row(box: Box, layer: Mapping[Box, int]) -> int:
    if box in layer:
        return layer[box]
    assert isinstance(box, tuple)
    return int(box[1])


def _reorder(rows: Sequence[list[Box]], links: Links, *, downwards: bool) -> None:
    """Sort each row by the middle of its neighbours in the row before."""
    steps = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
    for number in steps:
        before = {
            box: place for place, box in enumerate(rows[number - 1 if downwards else number + 1])
        }
        own = {box: place for place, box in enumerate(rows[number])}

        def middle(box: Box, before: dict[Box, int] = before, own: dict[Box, int] = own) -> float:
            near = [before[other] for other in links[box] if other in before]
            return sum(near) / len(near) if near else own[box]

        rows[number].sort(key=middle)


def _places(
    rows: Sequence[Sequence[Box]],
    links: Links,
    sizes: Mapping[Box, float],
) -> dict[Box, float]:
    x: dict[Box, float] = {}
    for row in rows:
        x.update(_spread(row, [0.0] * len(row), [1.0] * len(row), sizes))
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            wished = [_mean(box, links, x) for box in row]
            x.update(_spread(row, wished, [sum(links[box].values()) or 1 for box in row], sizes))
    return x


def _mean(box: Box, links: Links, x: Mapping[Box, float]) -> float:
    """Where its neighbours draw a box."""
    near = links[box]
    total = sum(near.values())
    return sum(x[other] * weight for other, weight in near.items()) / total if near else x[box]


def _spread(
    row: Sequence[Box],
    wished: Sequence[float],
    weights: Sequence[float],
    sizes: Mapping[Box, float],
) -> dict[Box, float]:
    """Places as near to `wished` as the order and the gaps allow: isotonic regression.

    Less the room that the boxes before it take, each place must not be below the one before;
    neighbours that would be are merged into a block at their mean.
    """
    offsets, offset = [], 0.0
    for number, box in enumerate(row):
        if number:
            offset += (sizes[row[number - 1]] + sizes[box]) / 2 + GAP
        offsets.append(offset)
    blocks: list[tuple[float, float, int]] = []
    for wish, start, weight in zip(wished, offsets, weights, strict=True):
        mean, total, count = wish - start, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, heft, members = blocks.pop()
            mean = (mean * total + other * heft) / (total + heft)
            total, count = total + heft, count + members
        blocks.append((mean, total, count))
    bases = [mean for mean, _, count in blocks for _ in range(count)]
    return {box: base + start for box, base, start in zip(row, bases, offsets, strict=True)}
