"""Noise, where the scene has least to say: fine detail of the flattest patches.

    samples (3, h, w), 0..255 -> Noise

Patches that are black or white are passed by: clipping hides their noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

PATCH = 16
"""Side of a patch in pixels."""
FLAT = 0.1
"""Share of patches that count as the flattest."""
NORMAL = 0.6745
"""Median of |x| of a normal x with deviation 1."""
HIGH = np.array([-0.12940952, -0.22414387, 0.8365163, -0.48296291], np.float32)
"""High-pass of the wavelet with two vanishing moments (Daubechies 1988)."""
LOW = np.array([0.48296291, 0.8365163, 0.22414387, -0.12940952], np.float32)
WINDOW = 7
"""Side in pixels of the windows whose covariance is taken."""
COLOUR = 0.54
"""Share of the variance of colour differences that luma lacks (1 - .447, over their mean 1.02)."""
GRAIN = 3.0
"""Coarse noise over fine beyond which it is texture: grain of .7 pixels has a ratio of 3."""
LEAST_WINDOWS, MOST_WINDOWS = 400, 20_000
"""Windows that a covariance needs, and that it takes."""


@dataclass(frozen=True)
class Noise:
    """Standard deviations in levels of 255; 0 where nothing could be measured."""

    flat: float
    """Luma: finest diagonal wavelets of the flattest patches, median over 0.6745 (Donoho 1994)."""
    coarse: float
    """The same one octave below: noise smeared over neighbours shows here."""
    colour: float
    """`flat` of the colour differences, blue less luma and red less luma."""
    colour_coarse: float
    spread: float
    """`flat` of the whole pictures over that of the flattest patches, ln: what texture adds."""
    window: float
    """Luma: the smallest eigenvalues of the covariance of windows (Chen, Zhu & Heng 2015)."""

    @property
    def level(self) -> float:
        """Deviation of one channel: the papers' sigma.

        Noise that is the same in all channels is all in the luma; of noise that is independent
        between them, luma holds .447 of the variance, and the colour differences the rest.
        """
        fine = np.hypot(self.flat, np.sqrt(COLOUR) * self.colour)
        coarse = np.hypot(self.coarse, np.sqrt(COLOUR) * self.colour_coarse)
        return float(max(fine, min(coarse, GRAIN * fine)))


def noise(samples: Sequence[Plane], lumas: Sequence[Plane]) -> Noise:
    """Measure `samples` (3, h, w), whose luma (h, w) is `lumas`."""
    flats: list[NDArray[np.float64]] = []
    for sample, luma in zip(samples, lumas, strict=True):
        if min(luma.shape) >= 2 * PATCH:
            flats.append(_patches(sample, luma))
    if not flats:
        return Noise(0, 0, 0, 0, 0, 0)
    table = np.concatenate(flats)
    table = table[table[:, 0] < np.inf]
    if not len(table):
        return Noise(0, 0, 0, 0, 0, 0)
    order = table[:, 0].argsort()[: max(4, round(FLAT * len(table)))]
    flat, coarse, blue, red, blue_coarse, red_coarse = np.median(table[order, 1:], axis=0) / NORMAL
    every = float(np.median(table[:, 1])) / NORMAL
    return Noise(
        float(flat),
        float(coarse),
        float(blue + red) / 2,
        float(blue_coarse + red_coarse) / 2,
        float(np.log((every + 0.3) / (flat + 0.3))),
        _window(lumas),
    )


def _patches(sample: Plane, luma: Plane) -> NDArray[np.float64]:
    """(n, 7): how busy each patch is (inf = clipped), and medians of |wavelet| in it."""
    smooth = cv2.GaussianBlur(luma, (0, 0), 2)
    slope = np.hypot(cv2.Sobel(smooth, -1, 1, 0), cv2.Sobel(smooth, -1, 0, 1))
    busy = _cells(np.asarray(slope, np.float32), PATCH).mean((1, 2))
    levels = _cells(luma, PATCH)
    clipped = ((levels < 2) | (levels > 253)).mean((1, 2)) > 0.02
    columns = [np.where(clipped, np.inf, busy)]
    planes = (luma, sample[2] - luma, sample[0] - luma)
    fine, coarse = [], []
    for plane in planes:
        diagonal, below = _diagonal(plane)
        deeper, _ = _diagonal(below)
        fine.append(np.median(_cells(np.abs(diagonal), PATCH // 2), axis=(1, 2)))
        coarse.append(np.median(_cells(np.abs(deeper), PATCH // 4), axis=(1, 2)))
    columns += [fine[0], coarse[0], fine[1], fine[2], coarse[1], coarse[2]]
    rows = min(map(len, columns))
    return np.stack([column[:rows] for column in columns], 1).astype(np.float64)


def _diagonal(plane: Plane) -> tuple[Plane, Plane]:
    """Diagonal detail and approximation of one level of the wavelet transform, half as large."""
    border = cv2.BORDER_REFLECT_101
    detail = cv2.sepFilter2D(plane, -1, HIGH, HIGH, borderType=border)[::2, ::2]
    below = cv2.sepFilter2D(plane, -1, LOW, LOW, borderType=border)[::2, ::2]
    return np.asarray(detail, np.float32), np.ascontiguousarray(below, np.float32)


def _cells(plane: Plane, side: int) -> Plane:
    """(n, side, side): the whole cells of `plane`, row by row."""
    down, across = (length // side for length in plane.shape)
    cut = plane[: down * side, : across * side].reshape(down, side, across, side)
    return cut.swapaxes(1, 2).reshape(-1, side, side)


def _window(lumas: Sequence[Plane]) -> float:
    """Root of the mean of those smallest eigenvalues whose mean is their median."""
    windows = np.concatenate([_windows(luma) for luma in lumas])
    inside = (windows.min(1) > 2) & (windows.max(1) < 253)
    windows = windows[inside][:: 1 + len(windows) // MOST_WINDOWS]
    if len(windows) < LEAST_WINDOWS:
        return 0.0
    windows = windows - windows.mean(0)
    covariance = np.einsum("ni,nj->ij", windows, windows) / (len(windows) - 1)
    values = np.maximum(np.linalg.eigvalsh(covariance.astype(np.float64)), 0)
    for count in range(len(values), 0, -1):
        mean = values[:count].mean()
        if mean <= np.median(values[:count]):
            break
    return float(np.sqrt(mean))


def _windows(luma: Plane) -> Plane:
    if min(luma.shape) < WINDOW:
        return np.empty((0, WINDOW * WINDOW), np.float32)
    view = np.lib.stride_tricks.sliding_window_view(luma, (WINDOW, WINDOW))[::4, ::4]
    return view.reshape(-1, WINDOW * WINDOW)
