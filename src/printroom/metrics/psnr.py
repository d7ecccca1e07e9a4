"""Peak signal-to-noise ratio, and the luma channel that restoration papers measure it on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.metrics.strips import strips

Array = NDArray[Any]


def luma(rgb: Array) -> Array:
    """Y of 8-bit RGB (..., 3) as MATLAB's `rgb2ycbcr` has it (ITU-R BT.601), float64 in 16..235."""
    weights = np.array([65.481, 128.553, 24.966]) / 255
    return np.asarray(rgb, np.float64) @ weights + 16


def psnr(reference: Array, picture: Array, peak: float = 255.0) -> float:
    """PSNR in dB over all samples; `inf` for equal pictures. Shapes must be equal, else ValueError.

    10 log10(peak^2 / MSE), MSE in float64.
    """
    stream = PsnrStream(peak)
    for a, b in strips(reference, picture):
        stream.add(a, b)
    return stream.result()


class PsnrStream:
    """PSNR of a picture that comes in strips."""

    def __init__(self, peak: float = 255.0) -> None:
        self._peak = peak
        self._error = 0.0
        self._samples = 0

    def add(self, reference: Array, picture: Array) -> None:
        """Take the next strip of each picture: equal shapes, any real type."""
        error = np.subtract(reference, picture, dtype=np.float64).ravel()
        self._error += float(error @ error)
        self._samples += error.size

    def result(self) -> float:
        """PSNR in dB of all strips so far; `inf` when they were equal."""
        if self._error == 0:
            return float("inf")
        return float(10 * np.log10(self._peak**2 * self._samples / self._error))
