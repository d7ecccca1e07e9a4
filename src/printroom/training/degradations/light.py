"""Light: linear light for what happens before a camera encodes, exposure, gamma, the dark photo.

Encoding is that of sRGB (IEC 61966-2-1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from printroom.training.degradations.base import (
    Degradation,
    Picture,
    Range,
    Value,
    draw,
    require,
)
from printroom.training.degradations.compose import Chain
from printroom.training.degradations.noise import ShotReadNoise


def to_linear(picture: Picture) -> Picture:
    """Encoded values 0..1 -> light 0..1."""
    curve = ((picture + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(picture <= 0.04045, picture / np.float32(12.92), curve)


def to_srgb(light: Picture) -> Picture:
    """Light 0..1 -> encoded values 0..1."""
    curve = np.float32(1.055) * light ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(light <= 0.0031308, light * np.float32(12.92), curve)


@dataclass(frozen=True)
class InLinearLight(Degradation):
    """`body` done to the light that fell on the sensor instead of the encoded values."""

    body: Degradation

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        return to_srgb(self.body(to_linear(np.clip(picture, 0, 1)), random))


@dataclass(frozen=True)
class Exposure(Degradation):
    """Less light: divided by 2 for each stop. Right in linear light only."""

    stops: Value
    """-10..10; 0 = none, 1 = half the light, below 0 = brighter and clipped."""

    def __post_init__(self) -> None:
        require("Exposure.stops", self.stops, -10, 10)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        return picture * np.float32(2 ** -draw(self.stops, random))


@dataclass(frozen=True)
class Gamma(Degradation):
    """A power of the values: a camera's or an editor's contrast curve."""

    exponent: Value
    """0.1..10; 1 = none, above 1 = darker shadows."""
    apart: bool = False
    """Whether drawn for red, green and blue each, as dyes fade apart."""

    def __post_init__(self) -> None:
        require("Gamma.exponent", self.exponent, 0.1, 10)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        if self.apart:
            drawn = np.array([draw(self.exponent, random) for _ in range(3)], np.float32)
            return np.clip(picture, 0, 1) ** drawn
        return np.clip(picture, 0, 1) ** np.float32(draw(self.exponent, random))


def low_light(
    stops: Value = Range(1, 5),  # noqa: B008  frozen
    gamma: Value = Range(0.9, 1.4),  # noqa: B008
    shot: Value = Range(1e-4, 1e-2, log=True),  # noqa: B008
    read: Value = Range(5e-4, 1e-2, log=True),  # noqa: B008
) -> Degradation:
    """Too little light, the noise of what is left, and a camera's curve on top.

    Units as in `Exposure`, `Gamma` and `ShotReadNoise`; the ranges of noise follow those that
    Brooks et al. 2019 ("Unprocessing images", section 3.1) found in phones.
    """
    return Chain(InLinearLight(Chain(Exposure(stops), ShotReadNoise(shot, read))), Gamma(gamma))
