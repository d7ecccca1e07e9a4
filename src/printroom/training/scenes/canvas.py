"""A sheet to draw on: soft masks, laid over each other.

Canvas(side) -> masks (side, side) in 0..1 -> colours mixed in -> pixels (side, side, 3) uint8

Places are in parts of the side, from the left top; colours are RGB in 0..1.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Colour = NDArray[np.float32]
FRACTION = 4
"""Bits behind the point in OpenCV's coordinates."""


def rgb(red: float, green: float, blue: float) -> Colour:
    """A colour from 0..255."""
    return np.asarray(np.array([red, green, blue]) / 255, np.float32)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other."""
    return (one + (other - one) * np.float32(share)).astype(np.float32)


class Canvas:
    """A square picture while it is drawn."""

    def __init__(self, side: int, random: np.random.Generator) -> None:
        self.side, self.random = side, random
        line = (np.arange(side, dtype=np.float32) + 0.5) / side
        self.x = np.broadcast_to(line, (side, side))
        self.y = np.broadcast_to(line[:, None], (side, side))
        self.pixels = np.zeros((side, side, 3), np.float32)

    def between(self, low: float, high: float) -> float:
        """A number by chance."""
        return float(self.random.uniform(low, high))

    def over(self, mask: Plane | float, colour: Colour | Plane) -> None:
        """Lay a colour, or a whole picture, over what is there."""
        share = mask[..., None] if isinstance(mask, np.ndarray) else np.float32(mask)
        self.pixels += share * (colour - self.pixels)

    def light(self, mask: Plane, colour: Colour) -> None:
        """Add light, which never darkens."""
        self.pixels += mask[..., None] * colour * (1 - self.pixels)

    def below(self, edge: Plane | float) -> Plane:
        """Mask of what lies below a height, or below one height for each column."""
        return np.clip((self.y - edge) * self.side + 0.5, 0, 1).astype(np.float32)

    def disc(self, x: float, y: float, radius: float) -> Plane:
        away = np.hypot(self.x - x, self.y - y)
        return np.clip((radius - away) * self.side + 0.5, 0, 1).astype(np.float32)

    def glow(self, x: float, y: float, radius: float) -> Plane:
        """1 in the middle, falling off as a bell."""
        away = (self.x - x) ** 2 + (self.y - y) ** 2
        return np.exp(-away / radius**2).astype(np.float32)

    def shape(self, *polygons: Sequence[tuple[float, float]] | NDArray[np.float32]) -> Plane:
        """Mask of filled polygons."""
        mask = np.zeros((self.side, self.side), np.uint8)
        for points in polygons:
            cv2.fillPoly(mask, [self._places(points)], 255, cv2.LINE_AA, FRACTION)
        return np.asarray(mask / 255, np.float32)

    def lines(
        self, *curves: Sequence[tuple[float, float]] | NDArray[np.float32], width: float = 0.012
    ) -> Plane:
        """Mask of open curves, all of one width."""
        mask = np.zeros((self.side, self.side), np.uint8)
        pen = max(1, round(width * self.side))
        for points in curves:
            cv2.polylines(mask, [self._places(points)], False, 255, pen, cv2.LINE_AA, FRACTION)
        return np.asarray(mask / 255, np.float32)

    def dots(self, places: NDArray[np.float64], radius: float) -> Plane:
        """Mask of round spots at (n, 2) places."""
        mask = np.zeros((self.side, self.side), np.uint8)
        size = max(1, round(radius * self.side * 2**FRACTION))
        for x, y in self._places(places):
            cv2.circle(mask, (int(x), int(y)), size, 255, -1, cv2.LINE_AA, FRACTION)
        return np.asarray(mask / 255, np.float32)

    def cloudy(self, across: int, down: int) -> Plane:
        """Smooth noise in 0..1, of so many lumps along each side."""
        coarse = self.random.random((down + 1, across + 1)).astype(np.float32)
        return np.clip(
            cv2.resize(coarse, (self.side, self.side), interpolation=cv2.INTER_CUBIC), 0, 1
        )

    def ridge(self, height: float, rough: float, slow: float = 1.0) -> Plane:
        """One height for each column: waves whose finer ones are lower."""
        steps = np.arange(1, 8, dtype=np.float32) * slow
        phase = self.random.uniform(0, 2 * np.pi, 7).astype(np.float32)
        size = self.random.normal(0, 1, 7).astype(np.float32) * rough / steps
        waves = np.sin(2 * np.pi * steps[:, None] * self.x[0] * 0.7 + phase[:, None])
        return (height + (size[:, None] * waves).sum(0)).astype(np.float32)

    def done(self) -> NDArray[np.uint8]:
        """The picture as bytes."""
        return np.rint(np.clip(self.pixels, 0, 1) * 255).astype(np.uint8)

    def _places(
        self, points: Sequence[tuple[float, float]] | NDArray[np.floating]
    ) -> NDArray[np.int32]:
        scaled = np.asarray(points, np.float64) * self.side * 2**FRACTION
        return np.rint(scaled).astype(np.int32)
