"""Pictures as strips of rows, and the two things that filters need to cross a strip's edge.

    two arrays   -> strips() -> pairs of strips
    strip        -> Carry    -> strip with the last rows of the one before it on top
    strip        -> Shrinker -> the rows of the smaller picture that are now complete

Every operation on a row is the same whatever strip it comes in, so results do not depend on how a
picture was cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float32]

STRIP = 2**18
"""Samples of one strip: a handful of such float32 arrays fits a processor's cache."""


def strip_rows(samples: int) -> int:
    """Rows of a strip, where a row has `samples` samples; filters repeat ten, so 32 or more."""
    return max(32, STRIP // max(samples, 1))


def strips(reference: Array, picture: Array) -> Iterator[tuple[Array, Array]]:
    """Two arrays (H, ...) cut along the first axis. ValueError where shapes differ."""
    if reference.shape != picture.shape:
        raise ValueError(f"sizes differ: {reference.shape} and {picture.shape}")
    if reference.size == 0:
        raise ValueError(f"there is nothing to compare in shape {reference.shape}")
    step = strip_rows(reference.size // len(reference))
    for top in range(0, len(reference), step):
        yield reference[top : top + step], picture[top : top + step]


class Carry:
    """Puts the last `rows` rows of what came before on top of each strip."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._last: Array | None = None

    def add(self, strip: Array) -> Array:
        """(n, ...) -> (up to rows + n, ...)."""
        joined = strip if self._last is None else np.concatenate([self._last, strip])
        self._last = joined[max(0, len(joined) - self._rows) :].copy()
        return joined


class Shrinker:
    """Means over blocks of `factor` x `factor` pixels, as the metrics' authors shrink pictures.

    The same as averaging with MATLAB's `conv2(x, ones(f) / f^2, 'same')` and keeping every f-th
    pixel from the first: block k covers pixels k f - (f - 1) // 2 and the f - 1 after it, zero
    outside the picture. `mirror` repeats the last pixel there instead (`imfilter`'s
    'symmetric'; factor 2 only). A side of n becomes ceil(n / f).
    """

    def __init__(self, factor: int, mirror: bool = False) -> None:
        self._factor = factor
        self._before = (factor - 1) // 2
        self._border = cv2.BORDER_REPLICATE if mirror else cv2.BORDER_CONSTANT
        self._mirror = mirror
        self._seen = 0
        self._given = 0
        self._waiting: Floats | None = None

    def add(self, strip: Array) -> Floats:
        """Rows (n, W) or (n, W, C) of any real type -> the rows completed by them, float32."""
        narrow = self._narrow(np.asarray(strip, np.float32))
        self._seen += len(strip)
        if self._waiting is None:
            self._waiting = np.zeros((self._before, *narrow.shape[1:]), np.float32)
        return self._complete(np.concatenate([self._waiting, narrow]))

    def finish(self) -> Floats:
        """The row that hangs over the bottom edge, if there is one: (0 or 1, ceil(W / f), ...)."""
        if self._waiting is None:
            raise ValueError("no rows were given")
        if self._given == -(-self._seen // self._factor):
            return self._waiting[:0]
        missing = self._factor - len(self._waiting)
        last = self._waiting[-1:] if self._mirror else np.zeros_like(self._waiting[:1])
        return self._complete(np.concatenate([self._waiting, np.repeat(last, missing, 0)]))

    def _complete(self, rows: Floats) -> Floats:
        """Average whole blocks of rows; the rest waits."""
        blocks = len(rows) // self._factor
        whole = blocks * self._factor
        self._waiting = rows[whole:].copy()
        self._given += blocks
        if self._factor == 1:
            return rows
        shape = (blocks, self._factor, *rows.shape[1:])
        return np.asarray(rows[:whole].reshape(shape).sum(1) / np.float32(self._factor))

    def _narrow(self, rows: Floats) -> Floats:
        """Average along the width alone."""
        factor, width = self._factor, rows.shape[1]
        if factor == 1 or not len(rows):
            return rows[:, : -(-width // factor)]
        out = -(-width // factor)
        after = max(0, out * factor - self._before - width)
        padded = cv2.copyMakeBorder(rows, 0, 0, self._before, after, self._border)
        size = (out, len(rows))
        small = cv2.resize(padded[:, : out * factor], size, interpolation=cv2.INTER_AREA)
        return np.asarray(small.reshape(len(rows), out, *rows.shape[2:]), np.float32)


def shrink(picture: Array, factor: int, mirror: bool = False) -> Floats:
    """`Shrinker` over a whole picture (H, W) or (H, W, C): (ceil(H / f), ceil(W / f), ...)."""
    shrinker = Shrinker(factor, mirror)
    return np.concatenate([shrinker.add(picture), shrinker.finish()])
