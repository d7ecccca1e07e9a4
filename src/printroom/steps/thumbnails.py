"""What a network that judges a picture as a whole is shown.

preview's thumbnail, any shape -> a square of one size, 0..1
"""

from __future__ import annotations

import cv2
import numpy as np

from printroom.pipelines.step import Planes


def square(thumbnail: Planes, side: int) -> Planes:
    """(1, 3, h, w) -> (1, 3, side, side), each pixel the mean of its area, clipped to 0..1."""
    picture = np.ascontiguousarray(thumbnail[0].transpose(1, 2, 0), np.float32)
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.clip(small, 0, 1).transpose(2, 0, 1)[None])
