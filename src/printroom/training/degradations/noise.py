"""Noise: additive, of light and sensor, and with the correlations that a camera gives it.

Noise of light belongs in linear light: wrap it in `light.InLinearLight`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from printroom.training.degradations.base import Degradation, Picture, Value, draw, require
from printroom.training.degradations.blur import convolve


def white(shape: tuple[int, int, int], random: np.random.Generator) -> Picture:
    """Independent normal values."""
    return random.standard_normal(shape, dtype=np.float32)


@dataclass(frozen=True)
class GaussianNoise(Degradation):
    """Independent normal noise of one strength everywhere."""

    sigma: Value
    """Standard deviation in levels of 255, 0..255; 0 = none. The papers' "sigma 25" is 25."""
    grey: bool = False
    """The same noise in all three channels."""

    def __post_init__(self) -> None:
        require("GaussianNoise.sigma", self.sigma, 0, 255)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        sigma = np.float32(draw(self.sigma, random) / 255)
        height, width = picture.shape[:2]
        return picture + sigma * white((height, width, 1 if self.grey else 3), random)


@dataclass(frozen=True)
class ShotReadNoise(Degradation):
    """Poisson-Gaussian noise: counted photons, then the amplifier. Variance `shot x + read^2`."""

    shot: Value
    """Brightness of one photon where white is 1, 0..1; 0 = none. Phones: 1e-4 (day) to 1e-2."""
    read: Value = 0.0
    """Standard deviation of the amplifier where white is 1, 0..1; 0 = none."""

    def __post_init__(self) -> None:
        require("ShotReadNoise.shot", self.shot, 0, 1)
        require("ShotReadNoise.read", self.read, 0, 1)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        shot, read = draw(self.shot, random), draw(self.read, random)
        if shot > 0:
            photons = random.poisson(np.clip(picture, 0, 1) / shot)
            picture = (photons * shot).astype(np.float32)
        height, width = picture.shape[:2]
        return picture + np.float32(read) * white((height, width, 3), random)


@dataclass(frozen=True)
class CorrelatedNoise(Degradation):
    """Normal noise of one strength, smeared over neighbours and shared between the channels."""

    sigma: Value
    """Standard deviation of the result in levels of 255, 0..255; 0 = none."""
    grain: Value = 0.0
    """Gaussian spread over neighbours, 0..10 pixels; 0 = each pixel on its own."""
    shared: Value = 0.0
    """Correlation between the channels, 0..1; 0 = independent colours, 1 = grey noise."""

    def __post_init__(self) -> None:
        require("CorrelatedNoise.sigma", self.sigma, 0, 255)
        require("CorrelatedNoise.grain", self.grain, 0, 10)
        require("CorrelatedNoise.shared", self.shared, 0, 1)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        sigma, grain, shared = (draw(v, random) for v in (self.sigma, self.grain, self.shared))
        height, width = picture.shape[:2]
        margin = math.ceil(3 * grain)
        field = white((height + 2 * margin, width + 2 * margin, 4), random)
        mixed = math.sqrt(shared) * field[..., 3:] + math.sqrt(1 - shared) * field[..., :3]
        noise = smear(mixed.astype(np.float32), grain, margin)
        inner = noise[margin : margin + height, margin : margin + width]
        return picture + np.float32(sigma / 255) * inner


def smear(noise: Picture, grain: float, margin: int) -> Picture:
    """White noise of variance 1 -> the same variance, spread by `grain` pixels."""
    import cv2

    weights = np.exp(-(np.arange(-margin, margin + 1) ** 2) / (2 * max(grain, 0.05) ** 2))
    weights /= np.sqrt((weights**2).sum())
    return cv2.sepFilter2D(noise, -1, weights, weights).astype(np.float32, copy=False)


@dataclass(frozen=True)
class Demosaiced(Degradation):
    """`noise` as one sensor with a Bayer pattern (RGGB) and bilinear demosaicing leaves it.

    Only the noise goes through the pattern: picture + demosaic(noisy samples - clean samples), so
    the picture itself loses no detail. Errors become blotches two pixels wide, stronger in red
    and blue, with their maxima where a colour was measured.
    """

    noise: Degradation
    """Works on each sample on its own, such as `GaussianNoise` or `ShotReadNoise`."""

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        error = self.noise(picture, random) - picture
        measured = np.zeros_like(error)
        for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
            measured[row::2, column::2, channel] = error[row::2, column::2, channel]
        return picture + interpolate(measured)


def interpolate(measured: Picture) -> Picture:
    """Bilinear demosaicing of samples laid out RGGB, with zeros where nothing was measured."""
    # A margin mirrored about the outermost pixels keeps the pattern's phase beyond the border.
    padded = np.pad(measured, ((2, 2), (2, 2), (0, 0)), mode="reflect")
    sparse = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4
    dense = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
    result = convolve(padded, sparse)
    result[..., 1] = convolve(padded, dense)[..., 1]
    return result[2:-2, 2:-2]
