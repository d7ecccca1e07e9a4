"""Between rows of a picture and what a network takes, for each tile; pure, and in the hot path.

    rows (h, w, bands) uint8 | uint16 -> to_planes() -> float32 (k, 3, h, w) in 0..1
    float32 (k, 3, H, W) -> from_planes() -> rows (H, W, bands)

Grey is shown three times over. Alpha goes through the network as a grey picture of its own, beside
the colour multiplied by it: so what lies under transparent pixels does not bleed into the edges.

Laws: from_planes(to_planes(x)) == x without alpha, and with it wherever alpha is full; elsewhere it
is within one level where alpha is above 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Planes = NDArray[np.float32]

FAINTEST = np.float32(0.5 / 65535)
"""Alpha below which a colour is unknown: half a level of 16 bit."""


def to_planes(rows: NDArray[Any]) -> Planes:
    """The pictures a network must see: k is 1, or 2 with alpha (premultiplied colour, alpha)."""
    height, width, bands = rows.shape
    alpha = bands in {2, 4}
    colours = bands - alpha
    planes = np.empty((1 + alpha, 3, height, width), np.float32)
    scale = np.float32(1 / np.iinfo(rows.dtype).max)
    for channel in range(colours):
        np.multiply(rows[..., channel], scale, out=planes[0, channel], casting="unsafe")
    if alpha:
        np.multiply(rows[..., -1], scale, out=planes[1, 0], casting="unsafe")
        planes[0, :colours] *= planes[1, 0]
        planes[1, 1:] = planes[1, 0]
    planes[0, colours:] = planes[0, 0]
    return planes


def from_planes(planes: Planes, bands: int, dtype: DTypeLike) -> NDArray[Any]:
    """Rows again, clipped to 0..1 and rounded half to even; `planes` is left as it is."""
    alpha = bands in {2, 4}
    colours = bands - alpha
    white = np.float32(np.iinfo(dtype).max)
    rows = np.empty((*planes.shape[2:], bands), dtype)
    scale: Any = white
    if alpha:
        opacity = np.clip(_grey(planes[1]), 0, 1)
        rows[..., -1] = np.rint(opacity * white)
        scale = white / np.maximum(opacity, FAINTEST)
    for channel in range(colours):
        plane = planes[0, channel] if colours == 3 else _grey(planes[0])
        level = plane * scale
        np.rint(level, out=level)
        np.clip(level, 0, white, out=level)
        rows[..., channel] = level.astype(dtype)  # quicker than converting while it strides
    return rows


def _grey(planes: Planes) -> Planes:
    """The mean of three planes (3, h, w)."""
    mean: Planes = planes[0] + planes[1]
    mean += planes[2]
    mean *= np.float32(1 / 3)
    return mean
