"""The colours of one picture brought to those of another, as a map from colour to colour.

    picture, painting -> Palette.between -> .apply -> the same picture in its colours
    distance(one, other) -> how far their colours lie apart, in units of Lab

Sliced optimal transport (Rabin et al. 2011): along random directions of Lab the ranks of one set of
colours are given the values of the other, again and again, until no direction tells them apart.
Kept are the one-dimensional maps, so they are found on a sample and applied to any number of
pixels. Areas of one colour would become bands, so every pixel is shaken a little before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SAMPLE = 12000
"""Pixels of each picture that the map is found on."""
ROUNDS = 12
STEP = 0.8
"""Of the way that each round goes."""
KNOTS = 129
"""Quantiles that a one-dimensional map is made of."""
SHAKE = 1.2
"""Deviation of the noise that keeps flat areas from becoming bands, in Lab."""
ROWS = 1 << 18
"""Pixels that are mapped at once."""


@dataclass(frozen=True)
class Palette:
    """A map of colours."""

    rounds: tuple[tuple[Array, Array, Array], ...]
    """Of each: a rotation (3, 3), and quantiles (3, KNOTS) before and after."""

    @classmethod
    def between(cls, picture: Array, painting: Array, seed: int = 0) -> Palette:
        """Colours of `picture` to those of `painting`, both (h, w, 3) sRGB in 0..1."""
        random = np.random.default_rng([seed, 1])
        here, there = sample(picture, random), sample(painting, random)
        here = here + random.normal(0, SHAKE, here.shape).astype(np.float32)
        levels = np.linspace(0, 1, KNOTS)
        rounds = []
        for _ in range(ROUNDS):
            turn = np.linalg.qr(random.standard_normal((3, 3)))[0].astype(np.float32)
            before = np.quantile(here @ turn, levels, axis=0).T
            after = np.quantile(there @ turn, levels, axis=0).T
            rounds.append((turn, before.astype(np.float32), after.astype(np.float32)))
            here = _moved(here, rounds[-1])
        return cls(tuple(rounds))

    def apply(self, picture: Array, seed: int = 0) -> Array:
        """(h, w, 3) sRGB in 0..1 in the new colours, some rows at a time."""
        random = np.random.default_rng([seed, 2])
        result = np.empty(picture.shape, np.float32)
        step = max(1, ROWS // picture.shape[1])
        for top in range(0, picture.shape[0], step):
            rows = picture[top : top + step]
            colours = to_lab(rows).reshape(-1, 3)
            colours += SHAKE * random.standard_normal(colours.shape, np.float32)
            for one in self.rounds:
                colours = _moved(colours, one)
            result[top : top + step] = to_rgb(colours.reshape(rows.shape))
        return result


def _moved(colours: Array, one: tuple[Array, Array, Array]) -> Array:
    turn, before, after = one
    seen = colours @ turn
    shift = np.empty_like(seen)
    for axis in range(3):
        shift[:, axis] = np.interp(seen[:, axis], before[axis], after[axis]) - seen[:, axis]
    moved: Array = colours + STEP * shift @ turn.T
    return moved


def sample(picture: Array, random: np.random.Generator) -> Array:
    """Colours (n, 3) of pixels drawn at random, in Lab."""
    pixels = picture.reshape(-1, 3)
    if len(pixels) > SAMPLE:
        pixels = pixels[random.integers(0, len(pixels), SAMPLE)]
    sample: Array = to_lab(pixels[None])[0]
    return sample


def to_lab(picture: Array) -> Array:
    """Of sRGB in 0..1: L 0..100, a and b about -100..100."""
    lab: Array = cv2.cvtColor(np.ascontiguousarray(picture, np.float32), cv2.COLOR_RGB2Lab)
    return lab


def to_rgb(lab: Array) -> Array:
    """The nearest sRGB, in 0..1."""
    rgb: Array = cv2.cvtColor(np.ascontiguousarray(lab, np.float32), cv2.COLOR_Lab2RGB)
    return np.clip(rgb, 0, 1)


def distance(one: Array, other: Array) -> float:
    """Mean difference of the colours' quantiles along 32 directions, in units of Lab."""
    random = np.random.default_rng(0)
    ways = random.standard_normal((3, 32))
    ways /= np.linalg.norm(ways, axis=0)
    levels = np.linspace(0, 1, 201)
    a, b = (np.quantile(sample(p, random) @ ways, levels, axis=0) for p in (one, other))
    return float(np.abs(a - b).mean())
