"""Multi-scale structural similarity (Wang, Simoncelli, Bovik: "Multiscale structural similarity
for image quality assessment", Asilomar 2003).

    grey strips -> MsSsimStream -> SSIM and MS-SSIM of the picture
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.metrics.pixels import check_side, grey
from printroom.metrics.ssim import SsimStream
from printroom.metrics.strips import Shrinker, strips

Array = NDArray[Any]
Floats = NDArray[np.float32]

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales, finest first (the paper's section 3.2)."""
SMALLEST = 176
"""Pixels on the short side: 11 at the coarsest scale."""


def ms_ssim(reference: Array, picture: Array) -> float:
    """MS-SSIM of two pictures, in 0..1; 1 for equal ones.

    Wang et al. (2003), eq. 7: contrast and structure at five scales, luminance at the coarsest;
    between scales, means over 2 x 2 pixels, the last row and column repeated where a side is odd.
    A scale whose mean contrast term is below zero, where the formula has no real value, counts as
    zero. Pictures as for `ssim`. ValueError where shapes differ or the short side is under 176.
    """
    check_side("MS-SSIM", reference.shape, SMALLEST)
    stream = MsSsimStream()
    for a, b in strips(reference, picture):
        stream.add(grey(a), grey(b))
    return stream.result()


class MsSsimStream:
    """MS-SSIM, and SSIM on the way, of a grey picture that comes in strips."""

    def __init__(self) -> None:
        self._scales = [SsimStream() for _ in WEIGHTS]
        self._halvers = [(Shrinker(2, True), Shrinker(2, True)) for _ in WEIGHTS[1:]]

    def add(self, reference: Array, picture: Array) -> Floats:
        """Take the next strip (n, W) of each picture, 0..255; returns rows of the SSIM map."""
        result = self._scales[0].add(reference, picture)
        self._descend(1, reference, picture)
        return result

    @property
    def ssim(self) -> float:
        """Mean SSIM at the finest scale."""
        return self._scales[0].ssim

    def result(self) -> float:
        """MS-SSIM of the whole; no strip may follow."""
        for scale, (first, second) in enumerate(self._halvers, 1):
            self._at(scale, first.finish(), second.finish())
        terms = [scale.contrast for scale in self._scales[:-1]] + [self._scales[-1].ssim]
        powers = [max(t, 0.0) ** w for t, w in zip(terms, WEIGHTS, strict=True)]
        return float(math.prod(powers))

    def _descend(self, scale: int, reference: Array, picture: Array) -> None:
        """Halve what came to the scale above, and hand it to `scale` and those below."""
        if scale < len(self._scales) and len(reference):
            first, second = self._halvers[scale - 1]
            self._at(scale, first.add(reference), second.add(picture))

    def _at(self, scale: int, reference: Floats, picture: Floats) -> None:
        if len(reference):
            self._scales[scale].add(reference, picture)
            self._descend(scale + 1, reference, picture)
