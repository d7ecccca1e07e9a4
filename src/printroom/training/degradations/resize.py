"""Resizing, with the kernels that pictures meet in the wild, and bodies that resize within.

Sides are rounded up, as in MATLAB's `imresize` and `imaging.bicubic`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from printroom.core.errors import BadOption
from printroom.imaging.bicubic import bicubic
from printroom.training.degradations.base import Degradation, Picture, Value, draw, require

Method = Literal["bicubic", "area", "bilinear"]
"""MATLAB's antialiased bicubic (the field's), the mean over areas, or plain bilinear (aliases)."""


@lru_cache(maxsize=64)
def axis_matrix(size: int, out: int, scale: float) -> Picture:
    """(out, size): `imaging.bicubic` by `scale` along one axis, as a matrix for fast products."""
    identity = np.eye(size)[:, None]  # `size` impulses as the channels of a picture one pixel wide
    # Where `scale` is out / size and rounds up, `bicubic` makes a row more than was asked for.
    return bicubic(identity, scale)[:out, 0].astype(np.float32)


def resized(
    picture: Picture, height: int, width: int, method: Method, scale: float | None = None
) -> Picture:
    """`picture` at `height` x `width`, each at least 1, not clipped.

    `scale` is what the bicubic kernel is stretched by, if not by the quotients of the sides;
    MATLAB tells the two apart where a side was rounded up.
    """
    import cv2

    if picture.shape[:2] == (height, width) and scale in (None, 1):
        return picture
    if method == "bicubic":
        rows, columns = (
            axis_matrix(size, out, scale or out / size)
            for size, out in zip(picture.shape[:2], (height, width), strict=True)
        )
        tall = np.tensordot(rows, picture, 1)
        return np.ascontiguousarray(np.einsum("hwc,vw->hvc", tall, columns, optimize=True))
    flag = cv2.INTER_AREA if method == "area" else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=flag).astype(np.float32, copy=False)


def require_method(method: str) -> None:
    if method not in ("bicubic", "area", "bilinear"):
        raise BadOption(f"no resizing method {method!r}", "take bicubic, area or bilinear")


@dataclass(frozen=True)
class Resize(Degradation):
    """The picture at `scale` times its size."""

    scale: Value
    """1/16..16; 1 = none."""
    method: Method = "bicubic"

    def __post_init__(self) -> None:
        require("Resize.scale", self.scale, 1 / 16, 16)
        require_method(self.method)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        scale = draw(self.scale, random)
        height, width = (math.ceil(side * scale) for side in picture.shape[:2])
        return resized(picture, height, width, self.method, scale)


@dataclass(frozen=True)
class Within(Degradation):
    """Shrunk until the shorter side is `side`. Pictures that are no larger stay as they are."""

    side: Value
    """1 pixel and more."""
    method: Method = "bicubic"

    def __post_init__(self) -> None:
        require("Within.side", self.side, 1)
        require_method(self.method)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        scale = draw(self.side, random) / min(picture.shape[:2])
        if scale >= 1:
            return picture
        height, width = (math.ceil(side * scale - 1e-9) for side in picture.shape[:2])
        return resized(picture, height, width, self.method)


@dataclass(frozen=True)
class Sized(Degradation):
    """Whatever `body` does to the size, the result has `scale` times the size that came in."""

    body: Degradation
    scale: float = 1.0
    """1/16..16."""
    method: Method = "bicubic"

    def __post_init__(self) -> None:
        require("Sized.scale", self.scale, 1 / 16, 16)
        require_method(self.method)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        height, width = (math.ceil(side * self.scale) for side in picture.shape[:2])
        return resized(self.body(picture, random), height, width, self.method)
