"""Samples of a picture as the metrics want them.

    uint8 or uint16 rows, grey or RGB -> grey()   -> grey in 0..255
                                      -> colour() -> as they were, in 0..255

The metrics' constants are made for 0..255, so 16 bit is scaled to it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float32]

_GREY = np.array([[0.298936021293775, 0.587043074451121, 0.114020904255103]])
"""MATLAB's `rgb2gray`: the luma of BT.601, from the inverse of its rounded YIQ matrix."""

SMALLEST = 11
"""Pixels on the short side that SSIM's window needs; GMSD and FSIM say nothing below it either."""


def grey(rows: Array) -> Array:
    """Grey in 0..255 of (n, W), (n, W, 1) or RGB (n, W, 3): (n, W).

    8 bit stays uint8: RGB becomes floor(0.2989 R + 0.5870 G + 0.1140 B + 0.5), MATLAB's rounded
    `rgb2gray`. 16 bit becomes float32, divided by 257 and not rounded.
    """
    _check(rows)
    if rows.ndim == 3 and rows.shape[2] == 3:
        luma = cv2.transform(rows.astype(np.float64), _GREY)
        if rows.dtype == np.uint8:
            return (luma + 0.5).astype(np.uint8)
        return np.asarray(luma / 257, np.float32)
    plain = rows.reshape(rows.shape[:2])
    return plain if rows.dtype == np.uint8 else np.asarray(plain / 257, np.float32)


def colour(rows: Array) -> Floats:
    """Samples (n, W, 1 or 3) as float32 in 0..255; grey may come as (n, W)."""
    _check(rows)
    plain = rows if rows.ndim == 3 else rows[..., None]
    floats = plain.astype(np.float32)
    return floats if rows.dtype == np.uint8 else floats / np.float32(257)


def check_side(name: str, shape: tuple[int, ...], smallest: int = SMALLEST) -> None:
    """ValueError when a picture of `shape` (H, W, ...) is too small for the metric `name`."""
    if min(shape[:2]) < smallest:
        raise ValueError(f"{name} needs {smallest} pixels on the short side, not {shape[:2]}")


def _check(rows: Array) -> None:
    if rows.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"samples must be uint8 or uint16, not {rows.dtype}")
    if rows.ndim not in (2, 3) or (rows.ndim == 3 and rows.shape[2] not in (1, 3)):
        raise ValueError(f"a picture is (H, W), (H, W, 1) or (H, W, 3), not {rows.shape}")
