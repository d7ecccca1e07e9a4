"""Fabrics: pictures of folded, woven and striped cloth, drawn without any photograph.

side, random -> (side, side, 3) uint8: BadOption, when the side is too small.

Fine patterns that repeat are what nets forget first: noise hides a single thread, but not the
hundred like it around. Photographs with many of them are rare, so they are drawn: a small block of
random threads, repeated without end, on coordinates that are turned and bent, in two colours, under
light and shade; several pieces lie over one another, as dead leaves do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.training.dead_leaves import (
    OVERSAMPLING,
    SMALLEST_SIDE,
    SUBPIXELS,
    Scene,
    lay,
    lit,
    palette,
    ramps,
)
from printroom.training.leaf_shapes import outlines

Array = NDArray[Any]
THREADS = 8
"""Most threads of a block, each way."""
THINNEST, THICKEST = 1.0, 5.0
"""Pixels from one thread to the next."""
PIECES = 6
"""Most pieces of cloth in a picture."""


def block(random: np.random.Generator) -> Array:
    """(rows, columns) in 0..1: what repeats. Stripes are a block of one row."""
    rows, columns = (int(random.integers(1, THREADS + 1)) for _ in range(2))
    if random.random() < 0.4:
        rows, columns = 1, max(columns, 2)
    greys = random.random((rows, columns)).astype(np.float32)
    return greys.round() if random.random() < 0.6 else greys


def smooth(side: int, random: np.random.Generator) -> Array:
    """(side, side) float32 of mean 0 and deviation 1 or so, without detail."""
    import cv2

    cells = int(random.integers(3, 9))
    coarse = random.standard_normal((cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC))


def weave(side: int, random: np.random.Generator) -> Array:
    """(side, side) float32 in 0..1: one cloth, on canvas pixels."""
    import cv2

    least, most = (OVERSAMPLING * one for one in (THINNEST, THICKEST))
    pitch = math.exp(random.uniform(math.log(least), math.log(most)))
    angle, bend = random.uniform(0, 2 * math.pi), random.uniform(0, 16) * OVERSAMPLING
    y, x = np.mgrid[:side, :side].astype(np.float32)
    y, x = y + bend * smooth(side, random), x + bend * smooth(side, random)
    cos, sin = math.cos(angle) / pitch, math.sin(angle) / pitch
    across, down = x * cos + y * sin, y * cos - x * sin
    repeated = block(random)
    rows, columns = repeated.shape
    if random.random() < 0.5:  # threads are round; or flat, with edges
        repeated = cv2.copyMakeBorder(repeated, 0, 1, 0, 1, cv2.BORDER_WRAP)
        found = cv2.remap(repeated, across % columns, down % rows, interpolation=cv2.INTER_LINEAR)
        return np.asarray(found)
    row, column = (down % rows).astype(int) % rows, (across % columns).astype(int) % columns
    return np.asarray(repeated[row, column])


def cloth(side: int, ramp: Array, random: np.random.Generator) -> Array:
    """(side, side, 3) uint8: a weave in the colours of `ramp` (256, 1, 3), with its folds."""
    import cv2

    folds = np.float32(random.uniform(0, 0.35)) * smooth(side, random)
    contrast = np.float32(random.uniform(0.25, 1))
    tone = 0.5 + contrast * (weave(side, random) - 0.5) + folds
    levels = np.clip(np.rint(tone * 255), 0, 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(levels, ramp))


def generate(side: int, random: np.random.Generator) -> Array:
    """One picture, (side, side, 3) uint8 sRGB. Raises BadOption when `side` is below 16."""
    import cv2

    if side < SMALLEST_SIDE:
        raise BadOption(f"no fabric of {side} pixels", f"ask for {SMALLEST_SIDE} or more")
    wide, pieces = side * OVERSAMPLING, int(random.integers(1, PIECES + 1))
    scene = Scene.draw(random)
    inks = ramps(palette(scene, pieces, random))
    canvas = cloth(wide, inks[0], random)
    radii = random.uniform(wide / 8, wide / 2, pieces - 1)
    shapes = outlines(radii, random) + random.uniform(0, wide, (pieces - 1, 1, 2))
    points = np.rint(shapes * (1 << SUBPIXELS)).astype(np.int32)
    for shape, ink in zip(points, inks[1:], strict=True):
        lay(canvas, shape, np.array([[0, 0], [wide, wide]]), cloth(wide, ink, random))
    small = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_CUBIC)
    return lit(small, random)


@dataclass(frozen=True)
class Fabrics:
    """An endless row of pictures: number `i` is always the same, and made when asked for."""

    side: int
    """Pixels, 16 or more."""
    seed: int = 0
    """Another seed, another row."""

    def __getitem__(self, number: int) -> Array:
        """Picture `number`, from 0 on: (side, side, 3) uint8."""
        return generate(self.side, np.random.default_rng([self.seed, number, 1]))
