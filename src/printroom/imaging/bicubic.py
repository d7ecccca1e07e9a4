"""MATLAB's bicubic `imresize`, the resampler that every super-resolution paper measures with.

array -> smaller or larger array. It exists so that our figures can stand beside published ones:
libvips and OpenCV place their kernels or treat borders otherwise, which moves PSNR by tenths of a
decibel. For pictures, not benchmarks, use libvips.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _cubic(x: Array) -> Array:
    """Keys' kernel with a = -0.5 (Keys 1981, eq. 4)."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def _taps(size: int, out: int, scale: float) -> tuple[Array, Array]:
    """Source indices and weights, each (out, taps), of one axis; borders are mirrored."""
    stretch = min(scale, 1.0)  # shrinking widens the kernel: that is the antialiasing
    width = 4 / stretch
    centre = (np.arange(out) + 0.5) / scale - 0.5
    first = np.floor(centre - width / 2).astype(int)
    index = first[:, None] + np.arange(math.ceil(width) + 2)
    weight = stretch * _cubic(stretch * (centre[:, None] - index))
    weight /= weight.sum(1, keepdims=True)
    mirror = np.concatenate([np.arange(size), np.arange(size)[::-1]])
    return mirror[index % (2 * size)], weight


def bicubic(picture: Array, scale: float) -> Array:
    """Resize `picture` (H, W) or (H, W, C) by `scale` (> 0), as MATLAB's `imresize(x, scale)`.

    Works in float64 and returns float64, unrounded and unclipped; the output side is
    `ceil(side * scale)`.
    """
    if scale <= 0:
        raise ValueError(f"scale must be above 0, not {scale}")
    result = np.asarray(picture, np.float64)
    for axis in (0, 1):
        size = result.shape[axis]
        index, weight = _taps(size, math.ceil(size * scale), scale)
        moved = np.moveaxis(result, axis, -1)
        gathered = sum(moved[..., index[:, t]] * weight[:, t] for t in range(index.shape[1]))
        result = np.moveaxis(np.asarray(gathered), -1, axis)
    return result
