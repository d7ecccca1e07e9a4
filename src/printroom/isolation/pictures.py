"""Pictures as research code has them, and as pipelines have them.

(1, 3 or 4, height, width) float32, unclipped <-> (height, width, 3) float32 or uint8, and alpha
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.pipelines.step import Planes


def to_array(planes: Planes, dtype: str) -> NDArray[Any]:
    """One picture of a pipeline as (height, width, 3); float32 is a view, uint8 is rounded."""
    bands: NDArray[Any] = planes[0, :3].transpose(1, 2, 0)
    if dtype == "float32":
        return bands
    levels: NDArray[Any] = np.rint(np.clip(bands, 0, 1) * np.float32(255)).astype(np.uint8)
    return levels


def alpha_of(planes: Planes) -> NDArray[np.float32] | None:
    """(height, width), where the picture has transparency."""
    return planes[0, 3] if planes.shape[1] == 4 else None


def to_planes(array: NDArray[Any], alpha: NDArray[np.float32] | None = None) -> Planes:
    """The picture of a step, (height, width) or (height, width, 1 or 3), for a pipeline.

    `alpha` goes with it, enlarged or made smaller as the picture was. Raises ValueError when it is
    no picture.
    """
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3) or not array.size:
        raise ValueError(f"an array of shape {array.shape} is not a picture (height, width, 3)")
    if array.dtype.name not in ("float32", "uint8"):
        raise ValueError(f"a picture is float32 or uint8, not {array.dtype}")
    height, width = array.shape[:2]
    planes = np.empty((1, 3 if alpha is None else 4, height, width), np.float32)
    planes[0, :3] = array.transpose(2, 0, 1)
    if array.dtype == np.uint8:
        planes[0, :3] /= 255
    if alpha is not None:
        planes[0, 3] = _fitted(alpha, height, width)
    return planes


def _fitted(alpha: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if alpha.shape == (height, width):
        return alpha
    smaller = height * width < alpha.size
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(alpha, (width, height), interpolation=method), np.float32)
