"""Sheets of texture for dead leaves: noise, waves, stripes, cloth, glyphs, fur, cells.

Drawn once per process from a fixed seed, in several directions and sizes, so that a leaf only has
to cut its piece out of a sheet. About 30 MB.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SIDE = 512
"""Pixels of a sheet's side."""
VARIANTS = 3
"""Sheets drawn of each kind."""
TURNS = 4
"""Directions and sizes that each of them is kept in."""


def noise(filter_of: Callable[[Array, Array], Array], random: np.random.Generator) -> Array:
    """White noise shaped by a filter over frequencies (fy, fx) in cycles per pixel."""
    fy, fx = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]
    spectrum = np.fft.rfft2(random.standard_normal((SIDE, SIDE))) * filter_of(fy, fx)
    return np.asarray(np.fft.irfft2(spectrum))


def power(fy: Array, fx: Array, slope: float) -> Array:
    """1/f^slope, flat below two cycles per sheet."""
    result: Array = np.maximum(np.hypot(fy, fx), 2 / SIDE) ** -slope
    return result


def clouds(random: np.random.Generator) -> Array:
    """1/f noise, from rough to soft."""
    slope = random.uniform(0.7, 1.8)
    return noise(lambda fy, fx: power(fy, fx, slope), random)


def grain(random: np.random.Generator) -> Array:
    """Noise around one frequency, as in sand, plaster, and leather."""
    centre = random.uniform(0.06, 0.3)
    return noise(lambda fy, fx: np.exp(-((np.hypot(fy, fx) / centre - 1) ** 2) / 0.18), random)


def wood(random: np.random.Generator) -> Array:
    """Noise stretched along one axis."""
    stretch = random.uniform(8, 25)
    return noise(lambda fy, fx: power(fy, fx * stretch, 1), random)


def position(random: np.random.Generator, warp: float) -> tuple[Array, Array]:
    """Coordinates (y, x) of a sheet, shifted smoothly by about `warp` pixels."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    bends = [noise(lambda fy, fx: power(fy, fx, 2), random) for _ in range(2)]
    y, x = (axis + bend * (warp / bend.std()) for axis, bend in zip((y, x), bends, strict=True))
    return y, x


def waves(random: np.random.Generator) -> Array:
    """Two sinusoids, one of them faint, on bent coordinates."""
    y, x = position(random, random.uniform(0, 12))
    first, second = random.uniform(5, 30, 2)
    faint = 0.5 * np.sin((x + y) * (2 * math.pi / second))
    return np.asarray(np.sin(x * (2 * math.pi / first)) + faint)


def stripes(random: np.random.Generator) -> Array:
    """Bands of random widths and greys."""
    _, x = position(random, random.uniform(0, 6))
    edges = np.cumsum(random.uniform(3, random.uniform(8, 40), SIDE))
    greys = random.random(SIDE + 1)
    return greys[np.searchsorted(edges, x + 64)]


def cloth(random: np.random.Generator) -> Array:
    """A grid of joints or threads, as in bricks, tiles, and weave."""
    y, x = position(random, random.uniform(0, 3))
    tall, wide = random.uniform(6, 24, 2)
    row = np.floor(y / tall)
    shifted = x + row * wide * random.choice([0, 0.5])
    column = np.floor(shifted / wide)
    tone = np.modf(np.abs(np.sin(row * 12.99 + column * 78.23)) * 437.58)[0]
    joint = random.uniform(0.1, 0.25)
    inside = ((y / tall - row) > joint) & ((shifted / wide - column) > joint)
    return np.asarray(np.where(inside, 0.4 + 0.6 * tone, 0.0))


def glyphs(random: np.random.Generator) -> Array:
    """Rows of small signs made of two to four strokes, as in print."""
    import cv2

    sheet = np.zeros((SIDE, SIDE), np.uint8)
    height = int(random.integers(9, 22))
    wide, thick = round(height * 0.6), max(round(height / 9), 1)
    for top in range(2, SIDE, round(height * 1.6)):
        for left in range(int(random.integers(20)), SIDE, wide + thick + 2):
            if random.random() < 0.15:
                continue  # a space between words
            points = random.integers(0, 3, (int(random.integers(3, 6)), 2)) * [
                wide // 2,
                height // 2,
            ]
            cv2.polylines(sheet, [points + np.array([left, top])], False, 255, thick, cv2.LINE_AA)
    return 255.0 - sheet


def fur(random: np.random.Generator) -> Array:
    """Short lines that follow a smooth field of directions, as in hair and grass."""
    import cv2

    sheet = np.full((SIDE, SIDE), 128, np.uint8)
    field = noise(lambda fy, fx: power(fy, fx, 2.2), random)
    field *= random.uniform(0.3, 1.2) / field.std()
    length = random.uniform(10, 30)
    roots = random.integers(0, SIDE, (int(2.5 * SIDE**2 / length), 2))
    angle = field[roots[:, 1], roots[:, 0]]
    halves = [np.stack([np.cos(angle + bend), np.sin(angle + bend)], 1) for bend in (0, 0.3)]
    middles = roots + halves[0] * (length / 2)
    hairs = np.stack([roots, middles, middles + halves[1] * (length / 2)], axis=1)
    for tuft in np.array_split(np.rint(hairs * 16).astype(np.int32), 200):
        cv2.polylines(sheet, list(tuft), False, int(random.integers(256)), 1, cv2.LINE_AA, 4)
    return sheet.astype(np.float64)


def cells(random: np.random.Generator) -> Array:
    """Pebbles: the distance to the nearest of many points."""
    import cv2

    empty = np.full((SIDE, SIDE), 255, np.uint8)
    points = random.integers(0, SIDE, (int(random.integers(300, 4000)), 2))
    empty[points[:, 0], points[:, 1]] = 0
    return -np.asarray(cv2.distanceTransform(empty, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))


CLOUDS = VARIANTS * TURNS
"""So many of the first sheets are clouds."""
KINDS = (clouds, grain, wood, waves, stripes, cloth, glyphs, fur, cells)


def stretched(sheet: Array) -> Array:
    """Greys of any range -> uint8 with the darkest and lightest 1 % at the ends."""
    low, high = np.quantile(sheet, [0.01, 0.99])
    levels = np.rint((sheet - low) * (255 / (high - low)))
    return np.asarray(np.clip(levels, 0, 255).astype(np.uint8))


def turned(sheet: Array, random: np.random.Generator) -> Array:
    """`sheet` at a random angle, at 0.5 to 1.3 times its size; mirrored at the borders."""
    import cv2

    angle, x, y = random.random(3) * (2 * math.pi, SIDE, SIDE)
    shrink = 2 ** random.uniform(-0.4, 1)
    cos, sin = shrink * math.cos(angle), shrink * math.sin(angle)
    return cv2.warpAffine(
        sheet,
        np.array([[cos, -sin, x], [sin, cos, y]]),
        (SIDE, SIDE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )


@cache
def sheets() -> tuple[Array, ...]:
    """All sheets, (SIDE, SIDE) uint8, each kind equally often; the same in every process."""
    random = np.random.default_rng(1851)
    drawn = [stretched(kind(random)) for kind in KINDS for _ in range(VARIANTS)]
    return tuple(turned(sheet, random) for sheet in drawn for _ in range(TURNS))


@cache
def shades() -> tuple[Array, ...]:
    """Smooth light across a leaf, (64, 64) uint8: from side to side, and from a bright spot."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    angles = np.arange(0, 2 * math.pi, math.pi / 8)
    slopes = [x * math.cos(angle) + y * math.sin(angle) for angle in angles]
    spots = [-((x - math.cos(a) / 2) ** 2) - (y - math.sin(a) / 2) ** 2 for a in angles]
    return tuple(map(stretched, slopes + spots))
