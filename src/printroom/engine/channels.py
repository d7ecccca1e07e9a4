"""Pictures of 1 to 4 bands for models of 3 channels, or of 1.

    rows (h, w, bands) -> show() -> (items, channels, h, w) -> the model -> reveal() -> rows

A model of one channel is shown the planes of a colour picture one by one, and those of a grey
picture once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from printroom.engine.work import Planes
from printroom.imaging.pixels import from_planes, to_planes


def items(bands: int, channels: int) -> int:
    """How many pictures of `channels` a picture of `bands` is shown as; alpha is one of its own."""
    pictures = 2 if bands in {2, 4} else 1
    return pictures if channels == 3 or bands < 3 else 3 * pictures


def show(rows: NDArray[Any], channels: int) -> Planes:
    """What a model of 1 or 3 `channels` takes."""
    planes = to_planes(rows)
    if channels == 3:
        return planes
    return planes[:, :1] if rows.shape[2] < 3 else planes.reshape(-1, 1, *planes.shape[2:])


def reveal(planes: Planes, bands: int, dtype: DTypeLike) -> NDArray[Any]:
    """Rows (H, W, bands) of what a model gave."""
    count, channels, *sides = planes.shape
    if channels == 1 and bands < 3:
        planes = np.broadcast_to(planes, (count, 3, *sides))
    elif channels == 1:
        planes = planes.reshape(-1, 3, *sides)
    return from_planes(planes, bands, dtype)
