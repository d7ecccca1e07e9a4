"""A model with habits of its own, behind the house's contract.

    (n, 3, h, w) sRGB 0..1 -> what the model reads -> model -> what it means -> (n, 3, s h, s w)

All that is done here is done to each value alone, or to a window of fixed weights, in an order that
does not depend on the size of the tile: so what is exact in tiles stays so, bit for bit.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.session import Session
from printroom.imaging.tiling import Geometry, ceil_to
from printroom.runtimes.reading import Pixels, Reading

Planes = NDArray[Any]
"""(n, channels, h, w) float32."""
RED, GREEN, BLUE = (np.float32(weight) for weight in (0.299, 0.587, 0.114))
"""Luma of ITU-R BT.601 (2.5.1)."""
TO_CB, TO_CR = np.float32(1.772), np.float32(1.402)
"""What B - Y and R - Y are of Cb and Cr (BT.601, 2.5.2)."""
REACH = 2
"""Pixels to each side that a bicubic value depends on."""


class AdaptedSession:
    """Implements `printroom.core.session.ModelSession` with any session and a reading."""

    def __init__(self, session: Session, reading: Reading, scale: Fraction) -> None:
        """`session` is closed with it. Raises ValueError when the reading cannot have the scale."""
        check_scale(reading, scale)
        self._session, self._reading, self._scale = session, reading, int(scale)

    @property
    def resident_bytes(self) -> int:
        """Of the model."""
        return self._session.resident_bytes

    @property
    def channels(self) -> int:
        """What `run` takes and gives: 3, or 1 = one plane at a time."""
        return self._reading.channels

    def run(self, batch: Planes) -> Planes:
        """(N, channels, H, W) float32 -> the same enlarged. Safe from many threads.

        Raises MemoryError, ModelFailed.
        """
        if self._reading.input.channels != "y":
            return self._through(batch)
        luma, chroma = split(batch)
        return joined(self._through(luma), enlarged(chroma, self._scale))

    def shrink(self) -> None:
        """Give back what earlier runs left allocated."""
        if shrink := getattr(self._session, "shrink", None):
            shrink()

    def close(self) -> None:
        """Give the memory back."""
        self._session.close()

    def _through(self, planes: Planes) -> Planes:
        return meant(self._session.run(read(planes, self._reading.input)), self._reading.output)


def read(planes: Planes, pixels: Pixels) -> Planes:
    """Values 0..1 as a model reads them, in the order (n, channels, h, w)."""
    if pixels.channels == "bgr":
        planes = planes[:, ::-1]
    factors, offsets = _scales(pixels)
    if np.all(factors == 1) and np.all(offsets == 0):
        return np.ascontiguousarray(planes, np.float32)
    return np.ascontiguousarray(planes * factors + offsets, np.float32)


def meant(planes: Planes, pixels: Pixels) -> Planes:
    """The values that a model gave, as 0..1, unclipped. The inverse of `read`."""
    factors, offsets = _scales(pixels)
    if not (np.all(factors == 1) and np.all(offsets == 0)):
        planes = (planes - offsets) / factors
    return np.ascontiguousarray(planes[:, ::-1]) if pixels.channels == "bgr" else planes


def fitting(geometry: Geometry, reading: Reading) -> Geometry:
    """The geometry of a model behind its reading: bicubic colour needs pixels round it, too."""
    if reading.input.channels != "y" or geometry.scale == 1 or geometry.halo >= REACH:
        return geometry
    return replace(geometry, halo=ceil_to(REACH, geometry.align))


def bytes_per_pixel(reading: Reading, scale: Fraction) -> int:
    """What reading a tile takes beside the model, per input pixel: copies of planes, counted."""
    if reading.plain:
        return 0
    given, made = (8, 12) if reading.input.channels == "y" else (6, 6)
    return ceil(4 * (given + made * scale**2))


def check_scale(reading: Reading, scale: Fraction) -> None:
    """Raises ValueError when colour cannot be enlarged so."""
    if reading.input.channels == "y" and (scale.denominator != 1 or scale < 1):
        raise ValueError(f"colour beside luma is enlarged by whole numbers, not by {scale}")


def split(planes: Planes) -> tuple[Planes, Planes]:
    """Luma (n, 1, h, w), and Cb and Cr (n, 2, h, w) round 0."""
    red, green, blue = planes[:, 0], planes[:, 1], planes[:, 2]
    luma = RED * red + GREEN * green + BLUE * blue
    return luma[:, None], np.stack([(blue - luma) / TO_CB, (red - luma) / TO_CR], axis=1)


def joined(luma: Planes, chroma: Planes) -> Planes:
    """The inverse of `split`."""
    y, cb, cr = luma[:, 0], chroma[:, 0], chroma[:, 1]
    red, blue = y + TO_CR * cr, y + TO_CB * cb
    return np.stack([red, (y - RED * red - BLUE * blue) / GREEN, blue], axis=1)


def enlarged(planes: Planes, scale: int) -> Planes:
    """Bicubic, as `imaging.bicubic` has it (Keys, a = -0.5, mirrored borders), for tiles."""
    if scale == 1:
        return planes
    for axis in (2, 3):
        planes = _enlarged(planes, scale, axis)
    return planes


def _enlarged(planes: Planes, scale: int, axis: int) -> Planes:
    side = planes.shape[axis]
    pads = [(REACH, REACH) if at == axis else (0, 0) for at in range(4)]
    padded = np.moveaxis(np.pad(planes, pads, mode="symmetric"), axis, 3)
    result = np.empty((*padded.shape[:3], side * scale), np.float32)
    for phase in range(scale):
        place = Fraction(2 * phase + 1, 2 * scale) - Fraction(1, 2)
        first = (place.numerator // place.denominator) - 1
        taps = range(first, first + 4)
        weights = [_keys(float(abs(place - tap))) for tap in taps]
        terms = [
            padded[..., REACH + tap : REACH + tap + side] * weight
            for tap, weight in zip(taps, weights, strict=True)
        ]
        result[..., phase::scale] = (terms[0] + terms[1]) + (terms[2] + terms[3])
    return np.moveaxis(result, 3, axis)


def _keys(x: float) -> np.float32:
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.float32(near if x <= 1 else far if x <= 2 else 0)


def _scales(pixels: Pixels) -> tuple[Planes, Planes]:
    both = np.array(pixels.scales, np.float32)
    return both[:, 0].reshape(1, -1, 1, 1), both[:, 1].reshape(1, -1, 1, 1)
