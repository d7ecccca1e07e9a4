"""What a model that mends or enlarges is tried on: a known picture, spoilt.

geometry, scale -> Examples: what the model is shown, and what it should bring back
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.imaging.bicubic import bicubic
from printroom.imaging.image import Image
from printroom.imaging.tiling import Geometry, ceil_to

Planes = NDArray[np.float32]
SAMPLE = Path(__file__).parent.parent / "samples" / "cat.jpg"
SIDE = 72
"""Pixels along a side of what the model is shown, at least."""
BORDER = 4
"""Pixels at the borders that are not judged."""
NOISE = 25 / 255
QUALITY = 20
"""Of the JPEG."""


@dataclass(frozen=True)
class Example:
    """What a model is shown, and what it should bring back; (1, 3, h, w), 0..1."""

    name: str
    """`clean`, `noisy`, `jpeg`, `small`."""
    given: Planes
    wanted: Planes

    def score(self, planes: Planes) -> float:
        """PSNR in dB of a result; that of nothing at all where it is none."""
        result = np.clip(np.nan_to_num(planes), 0, 1)
        inside = (..., slice(BORDER, -BORDER), slice(BORDER, -BORDER))
        error = float(np.mean((result[inside] - self.wanted[inside]) ** 2, dtype=np.float64))
        return float(-10 * np.log10(max(error, 1e-10)))

    def naive(self) -> Planes:
        """What was shown, at the size of what is wanted."""
        height, width = self.wanted.shape[2:]
        given = self.given[0].transpose(1, 2, 0)
        large = cv2.resize(given, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.asarray(large.transpose(2, 0, 1)[None], np.float32)


def made_examples(geometry: Geometry, scale: Fraction) -> Iterator[Example]:
    """Of the picture that comes with printroom, at a size that the model takes."""
    side = ceil_to(max(SIDE, 2 * geometry.least), max(geometry.align, scale.denominator))
    height, width = geometry.fixed or (side, side)
    if scale != 1:
        times = max(scale, Fraction(1))
        large = _picture(int(height * times), int(width * times))
        ratio = float(max(scale, 1 / scale))
        small = _rounded(bicubic(large, 1 / ratio))
        given, wanted = (small, large) if scale > 1 else (large, small)
        yield Example("small", _planes(given), _planes(wanted))
        return
    clean = _picture(height, width)
    noise = np.random.default_rng(0).normal(0, NOISE, clean.shape)
    coded = cv2.imencode(".jpg", _bytes(clean), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    yield Example("clean", _planes(clean), _planes(clean))
    yield Example("noisy", _planes(clean + noise), _planes(clean))
    spoilt = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.float64) / 255
    yield Example("jpeg", _planes(spoilt), _planes(clean))


def _picture(height: int, width: int) -> NDArray[np.float64]:
    """(height, width, 3), 0..1: the middle of the sample, mirrored where it is too small."""
    with Image.open(SAMPLE) as image, image.rows() as rows:
        whole = rows.read(image.height)[..., :3] / 255
    top, left = max(0, (whole.shape[0] - height) // 2), max(0, (whole.shape[1] - width) // 2)
    part = whole[top : top + height, left : left + width]
    pads = [(0, height - part.shape[0]), (0, width - part.shape[1]), (0, 0)]
    return np.pad(part, pads, mode="symmetric")


def _rounded(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.rint(np.clip(picture, 0, 1) * 255) / 255


def _bytes(picture: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _planes(picture: NDArray[np.float64]) -> Planes:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
