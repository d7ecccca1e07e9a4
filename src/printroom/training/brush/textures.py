"""Procedural textures, each with a hand of its own: what the features of the brush learn from.

    seed -> (side, side, 3) uint8, the same for the same seed

There are filtered noises, strokes, dots, hatchings and planes, with widths, lengths, directions
and palettes drawn at random. Nobody's pictures, so weights learnt from them are nobody's either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SHIFT = 4
"""Bits of a fraction of a pixel in what OpenCV draws."""


def texture(seed: int, side: int = 256) -> Array:
    """One of the kinds, in colours of its own."""
    random = np.random.default_rng([seed, 7])
    kind = KINDS[int(random.integers(len(KINDS)))]
    made: Array = np.clip(kind(random, side) * 255 + 0.5, 0, 255).astype(np.uint8)
    return made


def palette(random: np.random.Generator, count: int) -> Array:
    """(count, 3) colours around one or two hues."""
    hues = (
        random.uniform(0, 360)
        + random.choice([0.0, 0.0, 180.0], count)
        + random.normal(0, 25, count)
    )
    hsv = np.stack([hues % 360, random.uniform(0.15, 0.9, count), random.uniform(0.1, 1, count)], 1)
    rgb: Array = cv2.cvtColor(hsv[None].astype(np.float32), cv2.COLOR_HSV2RGB)[0]
    return rgb


def field(random: np.random.Generator, side: int, smooth: float) -> Array:
    """(side, side) noise, smooth over so many pixels, with mean 0 and deviation 1."""
    noise = cv2.GaussianBlur(random.standard_normal((side, side)), (0, 0), max(smooth, 0.3))
    normed: Array = ((noise - noise.mean()) / (noise.std() + 1e-9)).astype(np.float32)
    return normed


def coloured(values: Array, colours: Array) -> Array:
    """Numbers in 0..1 as colours along a row of them."""
    place = np.clip(values, 0, 1) * (len(colours) - 1)
    low = np.minimum(place.astype(int), len(colours) - 2)
    part = (place - low)[..., None]
    mixed: Array = colours[low] * (1 - part) + colours[low + 1] * part
    return mixed


def noises(random: np.random.Generator, side: int) -> Array:
    """Noise of one direction and width, folded or not, as marble, cloud, bark or weave."""
    wide, long = random.uniform(0.6, 4), random.uniform(1, 5)
    noise: Array = random.standard_normal((2 * side, 2 * side))
    noise = cv2.GaussianBlur(noise, (0, 0), sigmaX=wide * long, sigmaY=wide)
    turn = cv2.getRotationMatrix2D((side, side), random.uniform(0, 180), 1)
    noise = cv2.warpAffine(noise, turn, (2 * side, 2 * side), borderMode=cv2.BORDER_REFLECT)
    noise = noise[side // 2 : side // 2 + side, side // 2 : side // 2 + side]
    noise = noise / (noise.std() + 1e-9)
    bent = (np.abs(noise) - 0.5, noise, np.sin(noise * 3), np.sign(noise) * 0.6)
    chosen = bent[int(random.integers(len(bent)))]
    return coloured(0.5 + 0.3 * chosen, palette(random, int(random.integers(2, 5))))


def strokes(random: np.random.Generator, side: int) -> Array:
    """Lines of one width and length along a field of directions."""
    width, length = random.uniform(1.5, 9), random.uniform(2, 9)
    colours = palette(random, 6)
    canvas: Array = np.ones((side, side, 3)) * colours[0]
    turn = random.uniform(0, np.pi) + field(random, side, random.uniform(15, 50)) * random.uniform(
        0, 1.2
    )
    shade = field(random, side, random.uniform(8, 40))
    for _ in range(int(2.2 * side**2 / (width**2 * length))):
        at = random.uniform(0, side, 2)
        points = [at]
        for _ in range(5):
            x, y = np.clip(at, 0, side - 1).astype(int)
            angle = turn[y, x] + random.normal() * 0.1
            at = at + width * length / 5 * np.array([np.cos(angle), np.sin(angle)])
            points.append(at)
        x, y = np.clip(points[0], 0, side - 1).astype(int)
        colour = coloured(np.array(0.5 + 0.25 * shade[y, x] + random.normal() * 0.12), colours)
        line(canvas, np.array(points), width, colour)
    return canvas


def line(canvas: Array, points: Array, width: float, colour: Array) -> None:
    """A smooth line through `points` (n, 2), in place."""
    fixed = np.rint(points * 2**SHIFT).astype(np.int32)[:, None]
    drawn = tuple(float(part) for part in colour)
    cv2.polylines(canvas, [fixed], False, drawn, max(1, round(width)), cv2.LINE_AA, SHIFT)


def dots(random: np.random.Generator, side: int) -> Array:
    """Round dabs of about one size."""
    radius = random.uniform(1.2, 6)
    colours = palette(random, 5)
    canvas: Array = np.ones((side, side, 3)) * colours[0]
    shade = field(random, side, random.uniform(6, 40))
    for x, y in random.integers(0, side, (int(side**2 / radius**2 / random.uniform(2, 5)), 2)):
        colour = coloured(np.array(0.5 + 0.25 * shade[y, x] + random.normal() * 0.2), colours)
        cv2.circle(
            canvas, (int(x), int(y)), max(1, round(radius)), colour.tolist(), -1, cv2.LINE_AA
        )
    return canvas


def hatching(random: np.random.Generator, side: int) -> Array:
    """Waves that swell and thin with a tone, as of an engraving or a woodcut."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    angle, wide = random.uniform(0, np.pi), random.uniform(3, 12)
    along = rows * np.cos(angle) + columns * np.sin(angle)
    bend = field(random, side, random.uniform(10, 40)) * random.uniform(0, 6)
    tone = field(random, side, random.uniform(10, 50)) * 0.4
    wave = np.sin((along + bend) / wide * 2 * np.pi)
    return coloured(0.5 + random.uniform(1, 4) * (wave + tone) / 2, palette(random, 2))


def planes(random: np.random.Generator, side: int) -> Array:
    """Polygons over each other, flat or shaded, with edges or without."""
    colours = palette(random, 6)
    canvas: Array = np.ones((side, side, 3)) * colours[0]
    size = random.uniform(10, 60)
    edge = random.random() < 0.5
    for _ in range(int(6 * side**2 / size**2)):
        middle = random.uniform(0, side, 2)
        corners = np.rint(middle + random.normal(0, size / 1.5, (int(random.integers(3, 6)), 2)))
        corners = cv2.convexHull(corners.astype(np.int32))
        colour = colours[int(random.integers(len(colours)))] + random.normal(0, 0.06)
        cv2.fillConvexPoly(canvas, corners, colour.tolist(), cv2.LINE_AA)
        if edge:
            cv2.polylines(canvas, [corners], True, colours[1].tolist(), 1, cv2.LINE_AA)
    return canvas


KINDS: tuple[Callable[[np.random.Generator, int], Array], ...] = (
    *(noises, strokes, strokes),
    *(dots, hatching, planes),
)
