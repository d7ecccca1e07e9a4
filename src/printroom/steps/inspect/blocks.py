"""What JPEG leaves behind: edges on a grid of 8 x 8 pixels, and coefficients in steps.

    lumas (h, w), 0..255, with their origins -> Blocks

The grid may start at any of 8 x 8 offsets, as it does in a picture that was cropped after it was
compressed. All samples of a picture share one grid, so their votes are added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Placed = tuple[int, int, Plane]
"""Left and top in the whole picture, and a plane (h, w) that starts there."""

SIDE = 8
CAP = 20.0
"""Levels beyond which a difference is an edge of the scene, whatever its height."""
STEPS = np.arange(2, 122, dtype=np.float32)
"""Quantisation steps that are looked for; 1 leaves no trace in whole levels."""
ENOUGH, MOST = 24, 1024
"""Coefficients away from zero that a step must explain to be believed, and that are asked."""
LUMINANCE = {
    (0, 1): 11, (1, 0): 12, (1, 1): 12, (0, 2): 10, (2, 0): 14,
    (1, 2): 14, (2, 1): 13, (0, 3): 16, (3, 0): 14,
}  # fmt: skip
"""(row, column) -> step at quality 50: ITU-T T.81, table K.1."""


@dataclass(frozen=True)
class Blocks:
    """Traces of block coding."""

    left: int
    """Column at which a block starts, 0..7, in the whole picture."""
    top: int
    ratio: float
    """ln of the difference across the borders of blocks over that elsewhere; about 0 without."""
    zeros: float
    """Share of mid frequencies that vanish on the grid, less that share half a block aside."""
    comb: float
    """How well coefficients sit on multiples of a step, 0..1."""
    scale: float
    """The steps found over those of quality 50; 0 = none were found."""

    @property
    def quality(self) -> float | None:
        """Quality 1..100 at which libjpeg takes steps as large; None where no steps were found."""
        if not self.scale:
            return None
        percent = 100 * self.scale
        return float(np.clip(100 - percent / 2 if percent <= 100 else 5000 / percent, 1, 100))


def blocks(lumas: Sequence[Placed]) -> Blocks:
    """Find the grid of JPEG, and how coarse it was. Planes under 24 pixels a side are passed by."""
    usable = [placed for placed in lumas if min(placed[2].shape) >= 3 * SIDE]
    if not usable:
        return Blocks(0, 0, 0.0, 0.0, 0.0, 0.0)
    across = _profile([(left, plane) for left, _, plane in usable])
    down = _profile([(top, plane.T) for _, top, plane in usable])
    column, row = int(across.argmax()), int(down.argmax())
    ratio = (_contrast(across) + _contrast(down)) / 2
    aligned = _coefficients(usable, column, row)
    aside = _coefficients(usable, column + SIDE // 2, row + SIDE // 2)
    comb, scale = _steps(aligned)
    return Blocks(column, row, ratio, _vanished(aligned) - _vanished(aside), comb, scale)


def _profile(planes: Sequence[tuple[int, Plane]]) -> NDArray[np.float64]:
    """(8,) mean excess of the difference before each column over its neighbours, by column."""
    total, count = np.zeros(SIDE), np.zeros(SIDE)
    for start, plane in planes:
        step = np.abs(np.diff(plane, axis=1))
        excess = np.maximum(step[:, 1:-1] - (step[:, :-2] + step[:, 2:]) / 2, 0)
        columns = np.minimum(excess, CAP).mean(0, dtype=np.float64)
        place = (start + 2 + np.arange(len(columns))) % SIDE
        total += np.bincount(place, columns, SIDE)
        count += np.bincount(place, minlength=SIDE)
    profile: NDArray[np.float64] = total / count
    return profile


def _contrast(profile: NDArray[np.float64]) -> float:
    peak = profile.argmax()
    others = np.delete(profile, peak).mean()
    return float(np.log((profile[peak] + 0.05) / (others + 0.05)))


def _cosines() -> Plane:
    """(8, 8): the orthonormal DCT-II."""
    k, n = np.mgrid[:SIDE, :SIDE]
    matrix = np.sqrt(2 / SIDE) * np.cos(np.pi * (2 * n + 1) * k / (2 * SIDE))
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix, np.float32)


COSINES = _cosines()


def _coefficients(lumas: Sequence[Placed], column: int, row: int) -> Plane:
    """(n, 8, 8) DCT coefficients of all whole blocks of the grid that starts at `column`, `row`."""
    found = []
    for left, top, plane in lumas:
        inner = plane[(row - top) % SIDE :, (column - left) % SIDE :]
        down, across = (side // SIDE for side in inner.shape)
        cut = inner[: down * SIDE, : across * SIDE].reshape(down, SIDE, across, SIDE)
        found.append(cut.swapaxes(1, 2).reshape(-1, SIDE, SIDE))
    cells = np.concatenate(found)
    return np.asarray(COSINES @ cells @ COSINES.T)


def _vanished(coefficients: Plane) -> float:
    """Share of the middle frequencies (index sum 3 to 7) below one level."""
    k, n = np.mgrid[:SIDE, :SIDE]
    middle = (k + n >= 3) & (k + n <= 7)
    return float((np.abs(coefficients[:, middle]) < 1).mean())


def _steps(coefficients: Plane) -> tuple[float, float]:
    """Comb and scale of `Blocks`: the median over those low frequencies that show a step."""
    found = [
        (comb, step / base)
        for (k, n), base in LUMINANCE.items()
        for comb, step in [_step(np.abs(coefficients[:, k, n]))]
        if step
    ]
    if len(found) < len(LUMINANCE) // 2:
        return 0.0, 0.0
    combs, scales = zip(*found, strict=True)
    return float(np.median(combs)), float(np.median(scales))


def _step(sizes: NDArray[Any]) -> tuple[float, float]:
    """How well `sizes` sit on multiples of a step, and that step; 0, 0 = of none.

    A step's divisors explain the coefficients as well as the step itself, so the largest of those
    that explain them nearly best is taken.
    """
    sizes = sizes[sizes > 1.0][:MOST]
    if len(sizes) < ENOUGH:
        return 0.0, 0.0
    turns = sizes[:, None] / STEPS
    away = turns > 0.5  # what was rounded to zero agrees with every larger step
    count = away.sum(0)
    fit = (np.cos(2 * np.pi * turns) * away).sum(0) / np.maximum(count, 1)
    # A step so large that it says all is zero explains nothing.
    fit = np.where(count >= max(ENOUGH, 0.02 * len(sizes)), fit, 0)
    best = fit.max()
    if best < 0.35:
        return 0.0, 0.0
    at = np.flatnonzero(fit >= 0.85 * best)[-1]
    return float(fit[at]), float(STEPS[at])
