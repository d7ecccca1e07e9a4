"""Blur and low resolution: how fine the finest detail is, and how it ends.

    lumas (h, w), 0..255 -> Sharpness

A lens rounds detail off; interpolation cuts it off, and beats against the pixels: that is what
tells a picture that was enlarged from one that was out of focus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Curve = NDArray[np.float64]

LINE = 256
"""Samples of a line whose spectrum is taken; shorter ones are filled up with zeros."""
LEAST = 32
"""Pixels a side that a sample must have."""
BANDS = (0.03, 0.06, 0.12, 0.2, 0.28, 0.36, 0.43, 0.5)
"""Borders of the bands of frequency, in cycles per pixel."""


@dataclass(frozen=True)
class Sharpness:
    """What the finest detail is like."""

    reblur: float
    """0 (sharp) to 1: the part of differences that a further blur leaves (Crete et al. 2007)."""
    laplacian: float
    """ln of the variance of the Laplacian over that of the gradient."""
    width: float
    """Deviation in pixels of the Gaussian that makes edges as wide as the sharpest tenth here."""
    typical_width: float
    """The same of the median strong edge."""
    bands: tuple[float, ...]
    """ln of the mean power of lines in each band of `BANDS` over that in the first."""
    uneven: float
    """|ln| of fine power along rows over that along columns: movement blurs one way."""
    cliff: float
    """Largest fall of ln power over 0.06 cycles, less the fall on its low side."""
    cliff_at: float
    """Frequency of that fall, in cycles per pixel."""
    rebound: float
    """ln of power at the very end over the least between: the echo of interpolation."""
    beats: float
    """Highest peak in the spectrum of mean curvature across the pixels, off the grid of 8."""
    half: float
    """The peak at half the pixels: enlarged twice, say."""
    quarter: float
    eighth: float
    """Peaks at 1/8 and 3/8, of blocks, which also beat at a half and a quarter."""

    @property
    def blur(self) -> float | None:
        """Deviation in pixels of the Gaussian that the picture went through; None = no edges.

        The width of a sharp edge here is 1, and what is narrower than a window of 9 pixels comes
        out 1.45 times too small (measured on Gaussian blur of 1 to 4 pixels).
        """
        if not self.width:
            return None
        return 1.45 * float(np.sqrt(max(self.width**2 - 1, 0)))

    @property
    def enlarged(self) -> float:
        """How many times larger the picture is than its detail asks for, judged by the cliff."""
        return max(1.0, 0.5 / self.cliff_at) if self.cliff_at else 1.0


NOTHING = Sharpness(0, 0, 0, 0, (0,) * (len(BANDS) - 2), 0, 0, 0, 0, 0, 0, 0, 0)


def sharpness(lumas: Sequence[Plane]) -> Sharpness:
    """Measure the planes; those under 32 pixels a side are passed by."""
    usable = [luma for luma in lumas if min(luma.shape) >= LEAST]
    if not usable:
        return NOTHING
    weights = np.array([luma.size for luma in usable], np.float64)
    rows, columns = (_spectrum([_turned(luma, axis) for luma in usable]) for axis in (1, 0))
    log_mean = np.log(rows + columns + 1e-2)
    bands = _bands(log_mean)
    cliff, cliff_at, rebound = _cliff(log_mean)
    beats, half, quarter, eighth = _beats(usable)
    width, typical = _widths(usable)
    fine = slice(round(0.15 * LINE), round(0.35 * LINE))
    return Sharpness(
        reblur=float(np.average([_reblur(luma) for luma in usable], weights=weights)),
        laplacian=_laplacian(usable),
        width=width,
        typical_width=typical,
        bands=bands,
        uneven=float(abs(np.log((rows[fine].mean() + 1e-2) / (columns[fine].mean() + 1e-2)))),
        cliff=cliff,
        cliff_at=cliff_at,
        rebound=rebound,
        beats=beats,
        half=half,
        quarter=quarter,
        eighth=eighth,
    )


def _turned(luma: Plane, axis: int) -> Plane:
    return luma if axis == 1 else np.ascontiguousarray(luma.T)


def _reblur(luma: Plane) -> float:
    """The larger of both directions."""
    found = []
    for axis, size in ((1, (9, 1)), (0, (1, 9))):
        sharp = np.abs(np.diff(luma, axis=axis))
        soft = np.abs(np.diff(cv2.blur(luma, size), axis=axis))
        lost = np.maximum(sharp - soft, 0).sum(dtype=np.float64)
        found.append(1 - lost / (sharp.sum(dtype=np.float64) + 1e-6))
    return float(max(found))


def _laplacian(lumas: Sequence[Plane]) -> float:
    curved = sloped = 0.0
    for luma in lumas:
        curved += float(np.square(cv2.Laplacian(luma, cv2.CV_32F)).mean())
        sloped += float(
            np.square(cv2.Sobel(luma, cv2.CV_32F, 1, 0) / 8).mean()
            + np.square(cv2.Sobel(luma, cv2.CV_32F, 0, 1) / 8).mean()
        )
    return float(np.log((curved + 1) / (sloped + 1)))


def _widths(lumas: Sequence[Plane]) -> tuple[float, float]:
    """Widths of strong edges: height over slope, as of a step blurred by a Gaussian."""
    found: list[NDArray[Any]] = []
    kernel = np.ones((9, 9), np.uint8)
    for luma in lumas:
        calm = cv2.GaussianBlur(luma, (0, 0), 0.7)
        slope = np.hypot(cv2.Sobel(calm, -1, 1, 0), cv2.Sobel(calm, -1, 0, 1)) / 8
        crest = slope >= cv2.dilate(slope, np.ones((3, 3), np.uint8))
        height = cv2.dilate(calm, kernel) - cv2.erode(calm, kernel)
        strong = crest & (height > 40)
        found.append(height[strong] / (slope[strong] * np.sqrt(2 * np.pi)))
    widths = np.concatenate(found)
    if len(widths) < 16:
        return 0.0, 0.0
    low, middle = np.percentile(widths, (10, 50))
    return float(low), float(middle)


def _spectrum(planes: Sequence[Plane]) -> Curve:
    """Mean power of the rows' differences-free lines, at 0..1/2 cycles per pixel."""
    total, lines = np.zeros(LINE // 2 + 1), 0
    for plane in planes:
        cut = plane[:, :LINE]
        window = np.hanning(cut.shape[1] + 2)[1:-1].astype(np.float32)
        window /= np.sqrt(np.square(window).sum())
        level = cut - cut.mean(1, keepdims=True)
        power = np.square(np.abs(np.fft.rfft(level * window, LINE, axis=1)))
        total += power.sum(0)
        lines += len(cut)
    curve: Curve = total / lines
    return curve


def _bands(log_power: Curve) -> tuple[float, ...]:
    edges = [round(edge * LINE) for edge in BANDS]
    means = [float(log_power[low:high].mean()) for low, high in pairwise(edges)]
    return tuple(mean - means[0] for mean in means[1:])


def _cliff(log_power: Curve) -> tuple[float, float, float]:
    smooth = np.convolve(log_power, np.ones(5) / 5, "same")
    step = round(0.06 * LINE)
    places = np.arange(2 * step, len(smooth) - 3)
    places = places[places + step < len(smooth) - 2]
    fall = smooth[places] - smooth[places + step]
    before = smooth[places - step] - smooth[places]
    sharp = fall - np.maximum(before, 0)
    at = int(sharp.argmax())
    tail = smooth[LINE // 5 : -2]
    return (
        float(sharp[at]),
        float((places[at] + step / 2) / LINE),
        float(tail[-3:].mean() - tail.min()),
    )


def _beats(lumas: Sequence[Plane]) -> tuple[float, float, float, float]:
    """Interpolated pixels curve less the farther they are from a true one (Gallagher 2005)."""
    total = np.zeros(LINE // 2 + 1)
    for luma in lumas:
        for axis in (0, 1):
            plane = _turned(luma, axis)[:, : LINE + 2]
            curved = np.abs(2 * plane[:, 1:-1] - plane[:, :-2] - plane[:, 2:])
            profile = np.log(np.minimum(curved, 30).mean(0) + 0.1)
            profile -= cv2.blur(profile[None], (9, 1))[0]
            window = np.hanning(len(profile) + 2)[1:-1]
            total += np.abs(np.fft.rfft(profile * window, LINE)) / np.sqrt(np.square(window).sum())
    total /= 2 * len(lumas)
    floor = np.median(total[LINE // 6 :]) + 1e-3
    peaks = np.log(total / floor + 1e-6)  # a flat picture has no beats at all
    away = peaks.copy()
    for multiple in range(LINE // 2 // (LINE // 8) + 1):
        at = multiple * LINE // 8
        away[max(at - 3, 0) : at + 4] = -np.inf
    away[: LINE // 5] = -np.inf

    def near(frequency: float) -> float:
        at = round(frequency * LINE)
        return float(peaks[max(at - 1, 0) : at + 2].max())

    return float(away.max()), near(0.5), near(0.25), (near(0.125) + near(0.375)) / 2
