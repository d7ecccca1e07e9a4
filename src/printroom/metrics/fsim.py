"""Feature similarity (Zhang, Zhang, Mou, Zhang: "FSIM: a feature similarity index for image
quality assessment", IEEE Trans. Image Processing 20(8), 2011), whole and by tiles.

    strips in 0..255 -> FsimStream -> FSIM and FSIMc of the picture, by definition
                     -> TileStream -> FSIM of each tile

By definition a picture is first shrunk to a short side of about 256 pixels. On a large picture that
hides all but the coarsest faults; the values of its tiles show them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.metrics.gradient import SCHARR, dissimilarity, gradient
from printroom.metrics.phase import Waves
from printroom.metrics.pixels import check_side, colour
from printroom.metrics.strips import Shrinker, strips

Array = NDArray[Any]
Floats = NDArray[np.float32]

TILE = 512
"""Side of a tile in pixels."""
_T1, _T2, _T34 = 0.85, 160.0, 200.0
"""Constants of the similarities of phase congruency, gradient and chroma."""
_LAMBDA = 0.03
"""Weight of chroma in FSIMc."""
_YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]], np.float32
)


def shrink_factor(height: int, width: int) -> int:
    """How often FSIM shrinks a picture: max(1, round(short side / 256)), halves rounded up."""
    return max(1, math.floor(min(height, width) / 256 + 0.5))


def fsim(reference: Array, picture: Array) -> float:
    """FSIM of two pictures, in 0..1; 1 for equal ones, or where neither has any feature.

    Zhang et al. (2011), eq. 3 to 6, on the luma of YIQ, with the shrinking of the authors' code.
    Pictures are uint8 or uint16, grey (H, W) or RGB (H, W, 3). ValueError where shapes differ or
    the short side is under 11.
    """
    return _both(reference, picture)[0]


def fsimc(reference: Array, picture: Array) -> float:
    """FSIMc: `fsim` with chroma (eq. 7 to 9); equal to it on grey pictures. Errors as there."""
    return _both(reference, picture)[1]


def _both(reference: Array, picture: Array) -> tuple[float, float]:
    check_side("FSIM", reference.shape)
    stream = FsimStream(*reference.shape[:2])
    for a, b in strips(reference, picture):
        stream.add(colour(a), colour(b))
    return stream.result()


class FsimStream:
    """FSIM and FSIMc of a picture that comes in strips; holds no more than the shrunk picture."""

    def __init__(self, height: int, width: int) -> None:
        factor = shrink_factor(height, width)
        self._shrinkers = Shrinker(factor), Shrinker(factor)
        self._rows: tuple[list[Floats], list[Floats]] = [], []

    def add(self, reference: Floats, picture: Floats) -> None:
        """Take the next strip (n, W, 1 or 3) of each picture, in 0..255."""
        for shrinker, rows, strip in zip(
            self._shrinkers, self._rows, (reference, picture), strict=True
        ):
            rows.append(shrinker.add(strip))

    def result(self) -> tuple[float, float]:
        """FSIM and FSIMc of the whole; no strip may follow."""
        first, second = (
            np.concatenate([*rows, shrinker.finish()])
            for shrinker, rows in zip(self._shrinkers, self._rows, strict=True)
        )
        likeness, weight = _features(Waves(*first.shape[:2]), _luma(first), _luma(second))
        plain = _mean(likeness, weight)
        if first.shape[2] == 1:
            return plain, plain
        return plain, _mean(likeness * _chroma(first, second), weight)


@dataclass(frozen=True)
class FsimTiles:
    """What FSIM says about a picture's tiles."""

    mean: float
    p5: float
    """5th percentile: one tile in twenty is worse."""
    min: float


class TileStream:
    """FSIM of each tile of `TILE` x `TILE` pixels of a picture that comes in strips.

    Tiles lie side by side from the top left. Where a side is no multiple of `TILE` the last ones
    are moved back to end with the picture; where it is shorter, tiles are as short. Luma alone is
    kept, shrunk as FSIM would shrink a tile: that is the same for all tiles, so it is done once.
    """

    def __init__(self, height: int, width: int) -> None:
        self._factor = shrink_factor(min(height, TILE), min(width, TILE))
        side = TILE // self._factor
        tall, wide = -(-height // self._factor), -(-width // self._factor)
        self._size = min(side, tall), min(side, wide)
        self._lefts = [*range(0, wide - self._size[1], side), wide - self._size[1]]
        self._shrinkers = Shrinker(self._factor), Shrinker(self._factor)
        self._ring = np.empty((2, self._size[0], wide), np.float32)
        self._next = 0
        self._waves = Waves(*self._size)
        self._values: list[float] = []

    def add(self, reference: Floats, picture: Floats) -> None:
        """Take the next strip (n, W, 1 or 3) of each picture, in 0..255."""
        first, second = self._shrinkers
        self._take(first.add(reference), second.add(picture))

    def result(self) -> FsimTiles:
        """Mean, 5th percentile and minimum over all tiles; no strip may follow."""
        first, second = self._shrinkers
        self._take(first.finish(), second.finish())
        if self._next % self._size[0]:
            self._measure()
        low = float(np.percentile(self._values, 5))
        return FsimTiles(float(np.mean(self._values)), low, min(self._values))

    def _take(self, reference: Floats, picture: Floats) -> None:
        """Write rows round the ring, and measure each time it is full."""
        height = self._size[0]
        while len(reference):
            at = self._next % height
            count = min(height - at, len(reference))
            self._ring[0, at : at + count] = _luma(reference[:count])
            self._ring[1, at : at + count] = _luma(picture[:count])
            reference, picture = reference[count:], picture[count:]
            self._next += count
            if self._next % height == 0:
                self._measure()

    def _measure(self) -> None:
        """FSIM of the tiles of the last rows that came, oldest row first."""
        split = self._next % self._size[0]
        for left in self._lefts:
            tile = np.roll(self._ring[:, :, left : left + self._size[1]], -split, 1)
            self._values.append(_mean(*_features(self._waves, tile[0], tile[1])))


def _features(waves: Waves, a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Similarity of two luma pictures at each pixel, and how much the pixel counts."""
    phase_a, phase_b = waves.congruency(a), waves.congruency(b)
    likeness = 1 - dissimilarity(gradient(a, SCHARR), gradient(b, SCHARR), _T2)
    likeness *= 1 - dissimilarity(phase_a, phase_b, _T1)
    return likeness, np.maximum(phase_a, phase_b)


def _mean(likeness: Floats, weight: Floats) -> float:
    total = float(weight.sum(dtype=np.float64))
    if total == 0:
        return 1.0  # no feature in either picture: none was lost
    return float((likeness * weight).sum(dtype=np.float64)) / total


def _luma(rows: Floats) -> Floats:
    """Y of YIQ of (n, W, 3), or the grey of (n, W, 1): (n, W)."""
    if rows.shape[2] == 1:
        return rows[..., 0]
    red, green, blue = (rows[..., band] * _YIQ[0, band] for band in range(3))
    return np.asarray(red + green + blue)  # not `@`, whose rounding depends on how many rows come


def _chroma(first: Floats, second: Floats) -> Floats:
    """Similarity of I and Q at each pixel, to the power of lambda.

    The product can be negative; as in the authors' code the power's real part counts.
    """
    a, b = first @ _YIQ[1:].T, second @ _YIQ[1:].T
    product = np.prod(1 - dissimilarity(a, b, _T34), axis=2)
    sign = np.where(product < 0, np.float32(math.cos(math.pi * _LAMBDA)), np.float32(1))
    return np.asarray(np.abs(product) ** np.float32(_LAMBDA) * sign, np.float32)
