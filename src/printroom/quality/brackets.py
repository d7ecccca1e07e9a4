"""Exposure brackets: which pictures in a row show one scene, which is well exposed, which are dark.

    pictures in order -> glance -> Bracket -> scenes -> (dark, well exposed) pairs

The rule, in full. Files are taken in natural order of their names. Two neighbours show one scene
when the local structure of log luminance, a 64 x 64 thumbnail less its own blur, correlates by
rank at .5 or more where neither is black or clipped (on 90 pictures of 14 scenes: .9 and more
within a scene, under .1 across). Of a scene the reference is the picture whose luma lies nearest
the middle: the mean of exp(-(x - .5)^2 / .08) is greatest, the well-exposedness of Mertens, Kautz
and Van Reeth (2007). Each picture of the scene with an eighth to a half of the reference's mean
luma is one dark input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.quality.pictures import Pixels, as_grey

SIDE = 64
"""Of the thumbnails that are compared."""
ALIKE = 0.5
"""Correlation from which two thumbnails show one scene."""
KNOWN = 0.05
"""Part of a thumbnail that must be neither black nor clipped in both."""
DARKEST, BRIGHTEST = 1 / 8, 1 / 2
"""Mean luma of a dark input over that of its reference."""

Thumbnail = NDArray[np.float32]


@dataclass(frozen=True)
class Bracket:
    """A picture of a series, at a glance."""

    path: Path
    thumbnail: Thumbnail
    """(64, 64) luma in 0..255."""
    mean: float
    """Of luma, 0..255."""
    exposed: float
    """0..1: how much of it is well exposed."""


def glance(pixels: Pixels) -> tuple[Thumbnail, float, float]:
    """What a Bracket keeps of a picture."""
    grey = as_grey(pixels)[..., 0]
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    offset = grey.astype(np.float32) / np.float32(255) - np.float32(0.5)
    return small, float(grey.mean()), float(np.exp(-(offset**2) / 0.08).mean())


def scenes(row: Iterable[Bracket]) -> Iterator[list[Bracket]]:
    """Cut a row of pictures where the scene changes."""
    scene: list[Bracket] = []
    for bracket in row:
        if scene and likeness(scene[-1].thumbnail, bracket.thumbnail) < ALIKE:
            yield scene
            scene = []
        scene.append(bracket)
    if scene:
        yield scene


def pairs_of(scene: Sequence[Bracket]) -> list[tuple[Bracket, Bracket]]:
    """Each dark picture of a scene with the well-exposed one."""
    good = max(scene, key=lambda bracket: bracket.exposed)
    low, high = DARKEST * good.mean, BRIGHTEST * good.mean
    return [(dark, good) for dark in scene if low <= dark.mean <= high]


def likeness(a: Thumbnail, b: Thumbnail) -> float:
    """Rank correlation of local structure, -1..1; 0 where too little can be told."""
    known = (np.minimum(a, b) > 2) & (np.maximum(a, b) < 253)
    if known.mean() < KNOWN:  # else there are pixels enough for ranks to differ
        return 0.0
    first, second = (_ranks(_structure(x)[known]) for x in (a, b))
    return float(np.corrcoef(first, second)[0, 1])


def _structure(thumbnail: Thumbnail) -> Thumbnail:
    """Log luminance less its blur: what exposure leaves as it is."""
    log = np.log(thumbnail + 1)
    return np.asarray(log - cv2.GaussianBlur(log, (0, 0), 4))


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(np.float64)
