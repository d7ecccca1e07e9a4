"""Pictures that show nobody: shapes upon shapes, clouds, and portraits that were spoilt.

random numbers, photos of drawn people -> pictures a guard must not take for such photos
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.runtimes.generation import Picture
from printroom.training.portraits.album import SMALL

LARGE = 2 * SMALL


def clutter(random: np.random.Generator) -> Picture:
    """(32, 32, 3): clouds, then as many shapes as may be, softened."""
    canvas = _clouds(random)
    for _ in range(int(random.integers(0, 24))):
        _shape(canvas, random)
    grey = canvas.mean(2, keepdims=True)
    canvas = grey + (canvas - grey) * np.float32(random.random())
    canvas = cv2.GaussianBlur(canvas, (0, 0), float(random.uniform(0.3, 2)))
    canvas += random.standard_normal(canvas.shape, np.float32) * np.float32(random.uniform(0, 12))
    small = cv2.resize(canvas, (SMALL, SMALL), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small, 0, 255), np.uint8)


def spoilt(photo: Picture, random: np.random.Generator) -> Picture:
    """A photo cut too near or moved away, turned, shuffled, or without its middle."""
    kind = int(random.integers(5))
    if kind == 0:
        part = int(random.integers(8, 18))
        top, left = random.integers(0, SMALL - part, 2)
        cut = np.ascontiguousarray(photo[top : top + part, left : left + part])
        return np.asarray(cv2.resize(cut, (SMALL, SMALL), interpolation=cv2.INTER_LINEAR))
    if kind == 1:
        way = int(random.choice((-1, 1))) * int(random.integers(9, 20))
        return np.roll(photo, way, axis=int(random.integers(2)))
    if kind == 2:
        return np.rot90(photo, int(random.integers(1, 4))).copy()
    if kind == 3:
        cells = photo.reshape(4, 8, 4, 8, 3).transpose(0, 2, 1, 3, 4).reshape(16, 8, 8, 3)
        mixed = random.permutation(cells).reshape(4, 4, 8, 8, 3)
        return mixed.transpose(0, 2, 1, 3, 4).reshape(photo.shape).copy()
    hidden = photo.copy()
    hidden[7:24, 8:24] = clutter(random)[7:24, 8:24]
    return hidden


def _clouds(random: np.random.Generator) -> NDArray[np.float32]:
    """Between two colours, from broad to fine."""
    cloud = np.zeros((LARGE, LARGE), np.float32)
    for cells in (2, 4, 8, 16, 32):
        coarse = random.random((cells, cells), np.float32) / np.float32(
            cells ** random.uniform(0.3, 1.2)
        )
        cloud += cv2.resize(coarse, (LARGE, LARGE), interpolation=cv2.INTER_CUBIC)
    cloud = (cloud - cloud.min()) / max(float(np.ptp(cloud)), 1e-6)
    one, two = random.uniform(0, 255, (2, 3)).astype(np.float32)
    return np.ascontiguousarray(one + cloud[..., None] * (two - one))


def _shape(canvas: NDArray[np.float32], random: np.random.Generator) -> None:
    colour = tuple(float(v) for v in random.uniform(0, 255, 3))
    x, y = (int(v) for v in random.integers(0, LARGE, 2))
    a, b = (int(v) for v in random.integers(2, 30, 2))
    kind = int(random.integers(3))
    if kind == 0:
        cv2.ellipse(canvas, (x, y), (a, b), float(random.uniform(0, 180)), 0, 360, colour, -1)
    elif kind == 1:
        cv2.rectangle(canvas, (x - a, y - b), (x + a, y + b), colour, -1)
    else:
        cv2.line(
            canvas, (x, y), (x + 2 * a - 30, y + 2 * b - 30), colour, int(random.integers(1, 6))
        )
