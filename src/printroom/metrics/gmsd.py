"""Gradient magnitude similarity deviation (Xue, Zhang, Mou, Bovik: "Gradient magnitude similarity
deviation: a highly efficient perceptual image quality index", IEEE Trans. Image Processing 23(2),
2014).

    grey strips -> GmsdStream -> GMSD of the picture
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.metrics.gradient import PREWITT, dissimilarity, gradient
from printroom.metrics.pixels import check_side, grey
from printroom.metrics.strips import Carry, Shrinker, strips

Array = NDArray[Any]
Floats = NDArray[np.float32]

_STEADY = 170
"""The paper's constant c, for samples in 0..255."""


def gmsd(reference: Array, picture: Array) -> float:
    """GMSD of two pictures: 0 for equal ones, larger is worse, below 1.

    Xue et al. (2014), eq. 4 to 7: means over 2 x 2 pixels, Prewitt gradients, and the standard
    deviation (of a sample: n - 1) of their similarity. Pictures as for `ssim`. ValueError where
    shapes differ or the short side is under 11.
    """
    check_side("GMSD", reference.shape)
    stream = GmsdStream()
    for a, b in strips(reference, picture):
        stream.add(grey(a), grey(b))
    return stream.result()


class GmsdStream:
    """GMSD of a grey picture that comes in strips."""

    def __init__(self) -> None:
        self._reference, self._picture = _Gradients(), _Gradients()
        self._pixels = 0
        self._sum = self._squares = 0.0

    def add(self, reference: Array, picture: Array) -> None:
        """Take the next strip (n, W) of each picture, 0..255 in any real type."""
        self._take(self._reference.add(reference), self._picture.add(picture))

    def result(self) -> float:
        """GMSD of the whole; no strip may follow."""
        self._take(self._reference.finish(), self._picture.finish())
        spread = self._squares - self._sum**2 / self._pixels
        return math.sqrt(max(spread, 0.0) / (self._pixels - 1))

    def _take(self, reference: Floats, picture: Floats) -> None:
        # The deviation of 1 - similarity is that of the similarity, and sums near 0 stay exact.
        unlike = dissimilarity(reference, picture, _STEADY).astype(np.float64).ravel()
        self._pixels += unlike.size
        self._sum += float(unlike.sum())
        self._squares += float(unlike @ unlike)


class _Gradients:
    """Gradient magnitudes of the halved picture, as its rows come in."""

    def __init__(self) -> None:
        self._halve, self._carry = Shrinker(2), Carry(2)
        self._begun = False

    def add(self, strip: Array) -> Floats:
        rows = self._halve.add(strip)
        return self._inner(rows) if self._begun or not len(rows) else self._begin(rows)

    def finish(self) -> Floats:
        rows = self._halve.finish()
        return self._inner(np.concatenate([rows, np.zeros((1, rows.shape[1]), np.float32)]))

    def _begin(self, rows: Floats) -> Floats:
        self._begun = True
        return self._inner(np.concatenate([np.zeros((1, rows.shape[1]), np.float32), rows]))

    def _inner(self, rows: Floats) -> Floats:
        """Gradients of all rows but the first and last of what has come: they need neighbours."""
        joined = self._carry.add(rows)
        if len(joined) < 3:
            return np.empty((0, rows.shape[1]), np.float32)
        return gradient(joined, PREWITT)[1:-1]
