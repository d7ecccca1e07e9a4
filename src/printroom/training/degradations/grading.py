"""What films, scanners, cameras and editors do to tones: no fault when it is little.

All work on encoded values, as editors do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from printroom.training.degradations.base import Degradation, Picture, Value, draw, require
from printroom.training.degradations.cast import LUMA


@dataclass(frozen=True)
class Contrast(Degradation):
    """An S-shaped curve, or a flatter picture. Black, middle grey and white stay where they are."""

    amount: Value
    """-1..1; 0 = none, 1 = the curve 3x² - 2x³, below 0 = so much closer to middle grey."""

    def __post_init__(self) -> None:
        require("Contrast.amount", self.amount, -1, 1)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        amount = np.float32(draw(self.amount, random))
        if amount < 0:
            return picture + amount * (picture - np.float32(0.5))
        curve = picture * picture * (3 - 2 * picture)
        return picture + amount * (curve - picture)


@dataclass(frozen=True)
class Saturation(Degradation):
    """Colours farther from the grey of their luma, or nearer. Grey stays grey."""

    factor: Value
    """0..4; 1 = none, 0 = no colour."""

    def __post_init__(self) -> None:
        require("Saturation.factor", self.factor, 0, 4)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        luma = (picture @ LUMA.astype(np.float32))[..., None]
        return luma + np.float32(draw(self.factor, random)) * (picture - luma)


@dataclass(frozen=True)
class Fog(Degradation):
    """Black that is none: the base of a film, haze, or a scanner's stray light. White stays."""

    level: Value
    """Of what was black, 0..0.9; 0 = none."""
    apart: float = 0.0
    """0..1, how much less of it a channel may have than another; 0 = grey fog."""

    def __post_init__(self) -> None:
        require("Fog.level", self.level, 0, 0.9)
        require("Fog.apart", self.apart, 0, 1)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        level = draw(self.level, random)
        levels = np.float32(level * random.uniform(1 - self.apart, 1, 3))
        return levels + (1 - levels) * picture


@dataclass(frozen=True)
class Sharpened(Degradation):
    """An unsharp mask: a picture further from its own blur."""

    amount: Value
    """0..5; 0 = none."""
    sigma: Value = 1.0
    """Standard deviation of the blur, 0.2..20 pixels."""

    def __post_init__(self) -> None:
        require("Sharpened.amount", self.amount, 0, 5)
        require("Sharpened.sigma", self.sigma, 0.2, 20)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        import cv2

        amount, sigma = draw(self.amount, random), draw(self.sigma, random)
        blur = cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        return picture + np.float32(amount) * (picture - blur)
