"""The texture of a painting, transferred by bringing the statistics of features together.

    picture in the painting's colours, painting, Features -> textured -> the same picture, repainted

Brought together are the correlations of the features of each layer (Gatys et al. 2016), each layer
counting alike, and those of the 3x3 neighbourhoods of pixels at several sizes; one layer keeps what
is in the picture. It begins with the picture in strokes, small, and goes on at twice the size, to
`SIDE` pixels of the shorter side at most; what is larger is enlarged from there, and gets its own
detail back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from net import TAPS, Features, halved, padded, unhalved
from numpy.typing import NDArray
from strokes import Manner, painted

Array = NDArray[Any]
SIDE = 384
"""Pixels of the shorter side that are worked on at most; the longer may be `LONGER` times that."""
LONGER = 3
SMALL = 96
"""Pixels of the shorter side below which no smaller copy is begun with."""
CONTENT, WEIGHT = 3, 0.15
"""Layer that keeps the content, from 0, and how much it counts."""
FLOOR = 0.3
"""Of the deviations of a layer's channels, over their mean."""
SMOOTH = 0.15
"""Weight of the differences of neighbours."""
LEVELS, GROUND = 4, 6.0
"""Sizes at which neighbourhoods are compared, and how much they count."""
STEPS, RATE = 40, 0.04
"""At each size."""
DETAIL = 0.5
"""Of the picture's own detail, where the result is enlarged."""


def textured(
    picture: Array,
    painting: Array,
    features: Features,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> Array:
    """(h, w, 3) in 0..1, of at least 32 pixels a side -> the same in the painting's texture."""
    sizes = sizes_of(picture.shape[:2])
    work = resized(picture, sizes[-1])
    result = painted(work, Manner.of(painting))
    for number, size in enumerate(sizes):
        content = planes(resized(work, size))
        target = Target(features, planes(resized(painting, scaled(painting, min(size)))), content)

        def step_done(step: int, number: int = number) -> None:
            told(number * STEPS + step, len(sizes) * STEPS)

        start = planes(resized(result, size))
        result = descended(start, target.gradient, step_done).transpose(1, 2, 0)
    if result.shape != picture.shape:
        shape = picture.shape[:2]
        result = resized(result, shape) + DETAIL * (picture - resized(work, shape))
    return np.clip(result, 0, 1)


def sizes_of(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Heights and widths that are worked at, the last one at most `SIDE` by `LONGER` times that."""
    factor = min(1.0, SIDE / min(shape), SIDE * LONGER / max(shape))
    sizes: list[tuple[int, int]] = []
    while True:
        height, width = (max(1, round(length * factor)) for length in shape)
        sizes.insert(0, (height, width))
        if min(height, width) < 2 * SMALL:
            return sizes
        factor /= 2


def scaled(painting: Array, side: int) -> tuple[int, int]:
    """The size of a painting whose shorter side is `side`, at least 32."""
    factor = max(side, 32) / min(painting.shape[:2])
    height, width = (max(1, round(length * factor)) for length in painting.shape[:2])
    return height, width


class Target:
    """What a picture is brought to."""

    def __init__(self, features: Features, painting: Array, content: Array) -> None:
        """`painting` gives the texture, `content` what is in the picture, both (3, h, w)."""
        self.features = features
        maps = features.forward(painting)
        self.scales = [scale(m) for m in maps]
        self.grams = [gram(flat(m / s)) for m, s in zip(maps, self.scales, strict=True)]
        self.ground = []
        for _ in range(LEVELS):
            self.ground.append(gram(neighbours(painting)))
            painting = halved(painting)
        seen = features.forward(content)
        self.content = normed(seen[CONTENT])[0] if len(seen) > CONTENT else None

    def gradient(self, picture: Array) -> Array:
        """Of the loss at a picture (3, h, w)."""
        maps = self.features.forward(picture)
        gradients = []
        for m, size, wanted in zip(maps, self.scales, self.grams, strict=False):
            gradients.append(toward(flat(m / size), wanted).reshape(m.shape) / size)
        gradients += [np.zeros_like(m) for m in maps[len(gradients) :]]
        if self.content is not None:
            now, deviation = normed(maps[CONTENT])
            gradients[CONTENT] += WEIGHT * 2 * (now - self.content) / deviation / now.size
        slope = self.features.backward(maps, gradients) + SMOOTH * roughness(picture)
        total: Array = slope + GROUND * self._grounded(picture, 0)
        return total

    def _grounded(self, picture: Array, level: int) -> Array:
        """Of the neighbourhoods, from one size down."""
        wanted = self.ground[level]
        slope = toward(neighbours(picture), wanted) / (np.sqrt(np.square(wanted).mean()) + 1e-8)
        total = unneighbours(slope, picture.shape)
        if level + 1 < LEVELS and min(picture.shape[1:]) >= 4:
            smaller = self._grounded(halved(picture), level + 1)
            total = total + unhalved(smaller, picture.shape)
        return total


def scale(maps: Array) -> Array:
    """(c, 1, 1) deviations of channels; those that hardly answer count for little, not for all."""
    deviations = maps.std((1, 2))[:, None, None]
    return np.asarray(deviations + FLOOR * np.sqrt(np.square(deviations).mean()) + 1e-4)


def toward(maps: Array, wanted: Array) -> Array:
    """Gradient by maps (c, n) of the root of the mean square by which their products are off."""
    off = gram(maps) - wanted
    size = np.sqrt(np.square(off).mean()) + 1e-8
    slope: Array = (2 / (size * off.size * maps.shape[1]) * off) @ maps
    return slope


def gram(maps: Array) -> Array:
    """(c, n) -> (c, c) mean products."""
    products: Array = maps @ maps.T / maps.shape[1]
    return products


def flat(maps: Array) -> Array:
    """(c, h, w) -> (c, h w)."""
    return maps.reshape(len(maps), -1)


def normed(maps: Array) -> tuple[Array, Array]:
    """With mean 0 and deviation 1 in each channel, and the deviations."""
    deviation = maps.std((1, 2), keepdims=True) + 1e-4
    return (maps - maps.mean((1, 2), keepdims=True)) / deviation, deviation


def neighbours(picture: Array) -> Array:
    """(27, h w): the 3x3 neighbourhood of every pixel, around grey."""
    height, width = picture.shape[1:]
    framed = padded(picture) - np.float32(0.5)
    parts = [framed[:, row : row + height, column : column + width] for row, column in TAPS]
    return np.concatenate(parts).reshape(27, -1)


def unneighbours(gradient: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of the picture (3, h, w) from that of its neighbourhoods, but for its frame."""
    height, width = shape[1:]
    framed = np.zeros((3, height + 2, width + 2), np.float32)
    for part, (row, column) in zip(gradient.reshape(9, 3, height, width), TAPS, strict=True):
        framed[:, row : row + height, column : column + width] += part
    return framed[:, 1:-1, 1:-1]


def roughness(picture: Array) -> Array:
    """Gradient of the mean absolute difference of neighbours."""
    slope = np.zeros_like(picture)
    down = np.sign(np.diff(picture, axis=1)) / np.float32(picture.size)
    right = np.sign(np.diff(picture, axis=2)) / np.float32(picture.size)
    slope[:, 1:] += down
    slope[:, :-1] -= down
    slope[:, :, 1:] += right
    slope[:, :, :-1] -= right
    return slope


def descended(
    picture: Array, gradient: Callable[[Array], Array], done: Callable[[int], None]
) -> Array:
    """The picture after `STEPS` of Adam, within 0..1."""
    first, second = np.zeros_like(picture), np.zeros_like(picture)
    for step in range(1, STEPS + 1):
        slope = gradient(picture)
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope * slope
        move = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        pace = np.float32(RATE * min(1.0, 2 * (1 - (step - 1) / STEPS)))
        picture = np.clip(picture - pace * move, 0, 1).astype(np.float32)
        done(step)
    return picture


def resized(picture: Array, shape: tuple[int, ...]) -> Array:
    """To `shape` (h, w): by areas where it gets smaller, else smoothly."""
    if picture.shape[:2] == tuple(shape):
        return picture
    way = cv2.INTER_AREA if shape[0] < picture.shape[0] else cv2.INTER_CUBIC
    fitted: Array = cv2.resize(np.ascontiguousarray(picture), tuple(shape)[::-1], interpolation=way)
    return fitted


def planes(picture: Array) -> Array:
    """(h, w, 3) -> (3, h, w)."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32)
