"""Outlines for dead leaves: ellipses, polygons, rectangles, blobs and strokes, many at once.

radii -> outlines (n, `CORNERS`, 2), offsets in pixels from each leaf's centre.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
CORNERS = 60
"""Points of an outline: a multiple of 3, 4, 5 and 6, so that polygons keep their corners."""
CIRCLE = np.arange(CORNERS) * (2 * math.pi / CORNERS)


def ellipses(count: int, random: np.random.Generator) -> Array:
    """Every other one a disc."""
    ratio = np.where(random.random(count) < 0.5, 1, random.uniform(0.25, 1, count))
    return np.stack([np.tile(np.cos(CIRCLE), (count, 1)), ratio[:, None] * np.sin(CIRCLE)], axis=-1)


def between(corners: Array) -> Array:
    """(n, k, 2) -> (n, CORNERS, 2): points along the edges, corner by corner."""
    count, sides = corners.shape[:2]
    along = np.linspace(0, 1, CORNERS // sides, endpoint=False)[:, None]
    ahead = np.roll(corners, -1, axis=1)
    edges = corners[:, :, None] * (1 - along) + ahead[:, :, None] * along
    return edges.reshape(count, CORNERS, 2)


def polygons(count: int, random: np.random.Generator) -> Array:
    """Three to six corners about the centre, as the picture has them in turn."""
    result = np.empty((count, CORNERS, 2))
    for sides in (3, 4, 5, 6):
        shape = (len(result[sides - 3 :: 4]), sides)
        angle = (np.arange(sides) + random.uniform(-0.35, 0.35, shape)) * (2 * math.pi / sides)
        reach = random.uniform(0.55, 1, shape)
        corners = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=-1)
        result[sides - 3 :: 4] = between(corners)
    return result


def rectangles(count: int, random: np.random.Generator) -> Array:
    """From bars to squares."""
    ratio = np.exp(random.uniform(math.log(0.08), 0, count))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.ones((count, 1, 1))
    corners[..., 1] *= ratio[:, None]
    return between(corners)


def blobs(count: int, random: np.random.Generator) -> Array:
    """Smooth outlines: a circle with a few waves on it."""
    reach = np.ones((count, CORNERS))
    for waves in range(2, 7):
        height = random.normal(0, 0.5 / waves, (count, 1))
        reach += height * np.cos(waves * CIRCLE + random.uniform(0, 2 * math.pi, (count, 1)))
    circle = np.stack([np.cos(CIRCLE), np.sin(CIRCLE)], axis=-1)
    return np.asarray(np.clip(reach, 0.15, 1.6)[..., None] * circle)


def strokes(count: int, random: np.random.Generator) -> Array:
    """Bent ribbons, long and thin, some of them pointed."""
    half = CORNERS // 2
    along = np.linspace(-1, 1, half)
    heading = along * random.uniform(-1.5, 1.5, (count, 1))
    x, y = (np.cumsum(part, axis=1) * (4 / half) for part in (np.cos(heading), np.sin(heading)))
    pointed = random.uniform(0, 1, (count, 1)) * (along + 1) / 2
    width = np.exp(random.uniform(math.log(0.03), math.log(0.25), (count, 1))) * (1 - pointed)
    aside_x, aside_y = -np.sin(heading) * width, np.cos(heading) * width
    there = np.stack([x + aside_x, y + aside_y], axis=-1)
    back = np.stack([x - aside_x, y - aside_y], axis=-1)[:, ::-1]
    ribbon = np.concatenate([there, back], axis=1)
    return np.asarray(ribbon - ribbon.mean(axis=1, keepdims=True))


KINDS: tuple[Callable[[int, np.random.Generator], Array], ...] = (
    ellipses,
    polygons,
    rectangles,
    blobs,
    strokes,
)


def outlines(radii: Array, random: np.random.Generator) -> Array:
    """Outlines (n, CORNERS, 2) of about `radii` (n,), each of a random kind and direction."""
    kind = random.integers(len(KINDS), size=len(radii))
    result = np.empty((len(radii), CORNERS, 2))
    for number, make in enumerate(KINDS):
        chosen = kind == number
        result[chosen] = make(int(chosen.sum()), random)
    angle = random.uniform(0, 2 * math.pi, len(radii))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(result @ (turn * radii).transpose(2, 0, 1))
