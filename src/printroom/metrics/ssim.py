"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli: "Image quality assessment: from error
visibility to structural similarity", IEEE Trans. Image Processing 13(4), 2004).

    grey strips -> SsimStream -> means over the picture
                              -> rows of the map, for whoever wants to see them
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.metrics.pixels import check_side, grey
from printroom.metrics.strips import Carry, strips

Array = NDArray[Any]
Floats = NDArray[np.float32]

_RADIUS = 5
"""Pixels from a window's centre to its edge: windows are 11 x 11."""
_SIGMA = 1.5
_C1 = np.float32((0.01 * 255) ** 2)
_C2 = np.float32((0.03 * 255) ** 2)
_HALF = np.float32(0.5)


def _window() -> Floats:
    weights = np.exp(-(np.arange(-_RADIUS, _RADIUS + 1) ** 2) / (2 * _SIGMA**2))
    return np.asarray(weights / weights.sum(), np.float32)


_WINDOW = _window()


def ssim(reference: Array, picture: Array) -> float:
    """Mean SSIM of two pictures, in -1..1; 1 for equal ones.

    Wang et al. (2004), eq. 13 with their Gaussian window (11 x 11, sigma 1.5), K1 = .01,
    K2 = .03, L = 255, over windows that lie wholly inside. Pictures are uint8 or uint16, grey
    (H, W) or RGB (H, W, 3), compared as grey (`pixels.grey`). ValueError where shapes differ or
    the short side is under 11.
    """
    check_side("SSIM", reference.shape)
    stream = SsimStream()
    for a, b in strips(reference, picture):
        stream.add(grey(a), grey(b))
    return stream.ssim


class SsimStream:
    """SSIM of a grey picture that comes in strips."""

    def __init__(self) -> None:
        self._reference, self._picture = Carry(2 * _RADIUS), Carry(2 * _RADIUS)
        self._windows = 0
        self._ssim = self._contrast = 0.0

    def add(self, reference: Array, picture: Array) -> Floats:
        """Take the next strip (n, W) of each picture, 0..255 in any real type.

        Returns the rows of the SSIM map that are now complete, float32 (m, W - 10).
        """
        a, b = self._reference.add(reference), self._picture.add(picture)
        if len(a) <= 2 * _RADIUS:
            return np.empty((0, a.shape[1] - 2 * _RADIUS), np.float32)
        luminance, contrast = _maps(a, b)
        result = luminance * contrast
        self._windows += result.size
        self._ssim += float(result.sum(dtype=np.float64))
        self._contrast += float(contrast.sum(dtype=np.float64))
        return result

    @property
    def ssim(self) -> float:
        """Mean over all windows."""
        return self._ssim / self._windows

    @property
    def contrast(self) -> float:
        """Mean over all windows of the contrast and structure terms alone, for MS-SSIM."""
        return self._contrast / self._windows


def _maps(a: Array, b: Array) -> tuple[Floats, Floats]:
    """Luminance term and contrast-structure term of each window, float32 (H - 10, W - 10).

    With s = a + b and d = a - b the paper's terms become
        l  = 1 - mean(d)^2 / ((mean(s)^2 + mean(d)^2) / 2 + C1)
        cs = 1 - var(d)    / ((var(s) + var(d)) / 2 + C2),
    which takes four filters instead of five, and keeps float32 exact where pictures agree.
    """
    a, b = a.astype(np.float32), b.astype(np.float32)
    difference = a - b
    total = a + b - np.float32(255)  # centred: the squares keep more of their digits
    mean_d, variance_d = _moments(difference)
    mean_s, variance_s = _moments(total)
    mean_d *= mean_d
    mean_s += np.float32(255)
    mean_s *= mean_s
    return _term(mean_d, mean_s, _C1), _term(variance_d, variance_s, _C2)


def _term(d: Floats, s: Floats, constant: np.float32) -> Floats:
    """1 - d / ((s + d) / 2 + constant), in the memory of `s`."""
    s += d
    s *= _HALF
    s += constant
    np.divide(d, s, out=s)
    return np.subtract(np.float32(1), s, out=s)


def _moments(x: Floats) -> tuple[Floats, Floats]:
    """Weighted mean and variance of each window."""
    mean = _blur(x)
    variance = _blur(x * x)
    variance -= mean * mean
    return mean, variance


def _blur(x: Floats) -> Floats:
    """Gaussian-weighted means over windows inside `x`."""
    full = cv2.sepFilter2D(x, cv2.CV_32F, _WINDOW, _WINDOW, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(full[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS], np.float32)
