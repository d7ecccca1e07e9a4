"""NIQE: how natural a picture looks, without a reference (A. Mittal, R. Soundararajan, A. C. Bovik:
"Making a completely blind image quality analyzer", IEEE Signal Processing Letters 20(3), 2013).

    grey strips -> NiqeStream -> 36 features of each patch -> Gaussian -> distance from Pristine
    file        -> niqe_of                                 PictureError NotFound BadOption

Pristine is the Gaussian of good photographs' sharp patches. The authors' own is not used: ours is
estimated by `printroom.recipes.niqe`, so values compare with each other, not with published ones.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.imaging.bicubic import bicubic
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.metrics.pixels import grey
from printroom.metrics.strips import strip_rows

Array = NDArray[Any]
Floats = NDArray[np.float64]

PATCH = 96
"""Side of a patch in pixels, at full resolution; half of it at the second scale."""
FEATURES = 36
BUNDLED = Path(__file__).with_name("niqe.json")
_MARGIN = 12
"""Rows beyond a patch that its features depend on: 4 for halving, twice 3 for the local mean."""
_WINDOW = cv2.getGaussianKernel(7, 7 / 6)
"""Of local mean and deviation."""
_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Neighbours whose products are looked at: right, below, and the diagonals."""


@dataclass(frozen=True)
class Pristine:
    """The Gaussian of good photographs, and where it comes from."""

    mean: tuple[float, ...]
    """36 features."""
    covariance: tuple[tuple[float, ...], ...]
    """36 x 36."""
    data: dict[str, str] = field(default_factory=dict)
    """Set of pictures -> its licence."""
    pictures: int = 0
    patches: int = 0
    command: str = ""
    """What estimates it again."""

    def to_json(self) -> str:
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Pristine:
        raw: dict[str, Any] = json.loads(text)
        mean, rows = raw.pop("mean"), raw.pop("covariance")
        return cls(tuple(mean), tuple(map(tuple, rows)), **raw)

    @classmethod
    def of(cls, features: Floats, **about: Any) -> Pristine:
        """The Gaussian of `features` (patches, 36)."""
        covariance = np.cov(features, rowvar=False)
        return cls(
            tuple(map(float, features.mean(0))),
            tuple(tuple(map(float, row)) for row in covariance),
            patches=len(features),
            **about,
        )


@cache
def bundled() -> Pristine:
    """The one that comes with the package."""
    return Pristine.from_json(BUNDLED.read_text("utf-8"))


def niqe(picture: Array, pristine: Pristine | None = None) -> float:
    """NIQE of a picture, 0 or more; less is more natural.

    uint8 or uint16, grey (H, W) or RGB (H, W, 3), looked at in grey (`pixels.grey`). Whole patches
    of 96 x 96 from the top left count. Raises BadOption where there are fewer than two with any
    structure in them.
    """
    stream = NiqeStream(*picture.shape[:2])
    stream.add(grey(picture))
    return stream.result(pristine)


def niqe_of(path: Path, limits: Limits | None = None, pristine: Pristine | None = None) -> float:
    """`niqe` of a file of any size, read once; alpha is left out."""
    with Image.open(path, limits) as image, image.rows() as reader:
        stream = NiqeStream(image.height, image.width)
        bands = 3 if image.bands >= 3 else 1
        step = strip_rows(image.width)
        for _ in range(0, image.height, step):
            stream.add(grey(np.ascontiguousarray(reader.read(step)[..., :bands])))
        return stream.result(pristine)


class NiqeStream:
    """NIQE of a picture that comes in strips; holds the rows of one row of patches."""

    def __init__(self, height: int, width: int) -> None:
        """Raises BadOption for a picture that holds no two patches."""
        self._rows, self._columns = height // PATCH, width // PATCH
        if self._rows * self._columns < 2:
            raise BadOption(
                f"NIQE needs two patches of {PATCH} x {PATCH} pixels, the picture is"
                f" {width} x {height}",
                "take a larger one",
            )
        self._held = np.empty((0, self._columns * PATCH), np.float32)
        self._top = 0
        """Row of the picture that `_held` begins with."""
        self._features: list[Floats] = []
        self._sharpness: list[Floats] = []

    def add(self, strip: Array) -> None:
        """Take the next rows (n, W) of grey in 0..255."""
        width = self._held.shape[1]
        self._held = np.concatenate([self._held, strip[:, :width].astype(np.float32)])
        while len(self._features) < self._rows:
            start = len(self._features) * PATCH
            last = len(self._features) == self._rows - 1
            end = start + PATCH + (0 if last else _MARGIN)
            if self._top + len(self._held) < end:
                return
            self._measure(start, end)
            kept = max(0, start + PATCH - _MARGIN - self._top)
            self._held, self._top = self._held[kept:], self._top + kept

    def patches(self) -> tuple[Floats, Floats]:
        """Features (n, 36) of all patches with structure, and their sharpness (n,)."""
        features, sharpness = np.concatenate(self._features), np.concatenate(self._sharpness)
        known = np.isfinite(features).all(1)
        return features[known], sharpness[known]

    def result(self, pristine: Pristine | None = None) -> float:
        """The distance of the patches' Gaussian from `pristine`; no strip may follow."""
        features, _ = self.patches()
        if len(features) < 2:
            raise BadOption("the picture is flat: NIQE has nothing to judge", "take another one")
        good = pristine or bundled()
        offset = features.mean(0) - np.array(good.mean)
        covariance = (np.cov(features, rowvar=False) + np.array(good.covariance)) / 2
        return math.sqrt(max(0.0, float(offset @ np.linalg.pinv(covariance) @ offset)))

    def _measure(self, start: int, end: int) -> None:
        """Features of the row of patches that begins at row `start`."""
        top = max(0, start - _MARGIN)
        rows = self._held[top - self._top : end - self._top]
        full, deviation = normalised(rows)
        half, _ = normalised(bicubic(rows, 0.5).astype(np.float32))
        above = start - top
        self._sharpness.append(_cut(deviation[above:], PATCH).mean((1, 2)))
        parts = (_cut(full[above:], PATCH), _cut(half[above // 2 :], PATCH // 2))
        self._features.append(np.concatenate([features_of(part) for part in parts], 1))


def normalised(picture: Array) -> tuple[Array, Array]:
    """Each pixel less its local mean over its local deviation plus 1, and the deviation.

    Mittal et al., eq. 1 to 3: mean-subtracted, contrast-normalised luminance. (H, W) float32.
    """

    def mean(values: Array) -> Array:
        border = cv2.BORDER_REPLICATE
        return np.asarray(cv2.sepFilter2D(values, -1, _WINDOW, _WINDOW, borderType=border))

    average = mean(picture)
    deviation = np.sqrt(np.abs(mean(picture * picture) - average * average))
    return (picture - average) / (deviation + np.float32(1)), deviation


def features_of(patches: Array) -> Floats:
    """18 features of each patch (n, side, side): shapes and spreads of fitted distributions.

    Two of the values themselves, four of the products with each of four neighbours; eq. 4 to 9.
    NaN where a patch is flat.
    """
    count, side, _ = patches.shape
    values = patches.astype(np.float64)
    shape, left, right = fit(values.reshape(count, -1))
    columns = [shape, (left + right) / 2]
    for down, across in _SHIFTS:
        a = values[:, : side - down, max(0, -across) : side - max(0, across)]
        b = values[:, down:, max(0, across) : side + min(0, across)]
        shape, left, right = fit((a * b).reshape(count, -1))
        mean = (right - left) * _table(shape, _MEANS)
        columns += [shape, mean, left, right]
    return np.stack(columns, 1)


def fit(samples: Floats) -> tuple[Floats, Floats, Floats]:
    """Shape and scales left and right of zero of asymmetric generalised Gaussians, by moments.

    (n, samples) -> three of (n,). Lasmar, Stitou, Berthoumieu (2009); NaN without samples on both
    sides of zero.
    """
    squares = samples * samples
    below, above = samples < 0, samples > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.sqrt((squares * below).sum(1) / below.sum(1))
        right = np.sqrt((squares * above).sum(1) / above.sum(1))
        ratio = left / right
        moment = np.abs(samples).mean(1) ** 2 / squares.mean(1)
        skewed = moment * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shape = np.where(np.isfinite(skewed), np.interp(skewed, _RATIOS, _SHAPES), np.nan)
    scale = _table(shape, _SCALES)
    return shape, left * scale, right * scale


def _cut(rows: Array, side: int) -> Array:
    """The first `side` rows (_, n * side) as patches (n, side, side)."""
    return rows[:side].reshape(side, -1, side).swapaxes(0, 1)


def _table(shape: Floats, values: Floats) -> Floats:
    return np.interp(shape, _SHAPES, values)


_SHAPES = np.arange(0.2, 10.001, 0.001)


def _gammas(numerator: int) -> Floats:
    """Log Gamma(numerator / shape)."""
    return np.array([math.lgamma(numerator / shape) for shape in _SHAPES])


_RATIOS = np.exp(2 * _gammas(2) - _gammas(1) - _gammas(3))
"""E|x|^2 / E x^2 of the generalised Gaussian; it rises with the shape."""
_SCALES = np.exp((_gammas(1) - _gammas(3)) / 2)
_MEANS = np.exp(_gammas(2) - _gammas(1))
