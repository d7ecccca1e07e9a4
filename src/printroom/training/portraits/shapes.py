"""Signed distances of shapes on a grid, negative inside, and how much of a pixel they cover."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
"""(H, W) float32."""
Colour = NDArray[Any]
"""(3, 1, 1) or (3, H, W) float32, 0..1."""
FAR = np.float32(9.0)
"""A distance at which nothing is seen."""


def ellipse(x: Plane, y: Plane, cx: float, cy: float, a: float, b: float) -> Plane:
    """Half axes `a` and `b`; exact on the outline, near enough elsewhere."""
    return (np.sqrt(((x - cx) / a) ** 2 + ((y - cy) / b) ** 2) - 1) * np.float32(min(a, b))


def box(x: Plane, y: Plane, cx: float, cy: float, a: float, b: float, r: float) -> Plane:
    """Half sides `a` and `b`, corners rounded by `r`."""
    dx, dy = np.abs(x - cx) - (a - r), np.abs(y - cy) - (b - r)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return np.minimum(np.maximum(dx, dy), 0) + outside - np.float32(r)


def cover(distance: Plane, width: float) -> Plane:
    """Share of each pixel inside, 0..1; the edge is about 4 `width` wide."""
    return 1 / (1 + np.exp(np.clip(distance / np.float32(width), -30, 30)))


def bump(x: Plane, y: Plane, cx: float, cy: float, spread: float) -> Plane:
    """A round spot, 1 in its middle."""
    return np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / np.float32(spread))


def rgb(r: float, g: float, b: float) -> Colour:
    """A colour, 0..1."""
    return np.array([r, g, b], np.float32)[:, None, None]
