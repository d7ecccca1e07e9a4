"""Gradient magnitude, and the similarity that GMSD and FSIM build on it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

PREWITT = np.array([1 / 3, 1 / 3, 1 / 3], np.float32)
"""Smoothing across the difference, of GMSD."""
SCHARR = np.array([3 / 16, 10 / 16, 3 / 16], np.float32)
"""Smoothing across the difference, of FSIM."""
_DIFFERENCE = np.array([-1, 0, 1], np.float32)


def gradient(picture: Floats, smoothing: Floats) -> Floats:
    """Length of the gradient at each pixel of (H, W); beyond the edges the picture is zero."""
    edge = cv2.BORDER_CONSTANT
    x = cv2.sepFilter2D(picture, cv2.CV_32F, _DIFFERENCE, smoothing, borderType=edge)
    y = cv2.sepFilter2D(picture, cv2.CV_32F, smoothing, _DIFFERENCE, borderType=edge)
    return np.sqrt(x * x + y * y)  # cv2.magnitude rounds one way or another from call to call


def dissimilarity(a: Floats, b: Floats, constant: float) -> Floats:
    """1 - (2 a b + c) / (a^2 + b^2 + c), which is (a - b)^2 / (a^2 + b^2 + c): 0 where equal."""
    return np.asarray((a - b) ** 2 / (a * a + b * b + np.float32(constant)), np.float32)
