"""Blur: lens, defocus, movement, and the ringing of a sharp low-pass.

Each draws a kernel with sum 1 and convolves all channels with it; borders are mirrored, so the
mean brightness stays. Lengths are in pixels of the picture that comes in.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.training.degradations.base import Degradation, Picture, Value, draw, require

Kernel = NDArray[np.float64]
"""(k, k), k odd, sum 1."""


def convolve(picture: Picture, kernel: NDArray[Any]) -> Picture:
    """`picture` (H, W, 3) filtered by `kernel` (k, k), borders mirrored."""
    import cv2

    flipped = kernel[::-1, ::-1].astype(np.float32)  # filter2D correlates
    filtered = cv2.filter2D(picture, -1, flipped, borderType=cv2.BORDER_REFLECT)
    return filtered.astype(np.float32, copy=False)


def normalised(weights: NDArray[Any]) -> Kernel:
    """`weights` with sum 1."""
    kernel: Kernel = weights / weights.sum()
    return kernel


def grid(radius: int) -> tuple[Kernel, Kernel]:
    """Offsets (y, x) from the middle of a kernel of side 2 radius + 1."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    return y, x


class Blur(Degradation):
    """A degradation that is one convolution."""

    @abstractmethod
    def kernel(self, random: np.random.Generator) -> Kernel:
        """The kernel of one call."""

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        return convolve(picture, self.kernel(random))


@dataclass(frozen=True)
class GaussianBlur(Blur):
    """A Gaussian, round or stretched in one direction."""

    sigma: Value
    """Standard deviation along the longer axis, 0..50 pixels; 0 = none."""
    ratio: Value = 1.0
    """Shorter axis over longer, 0.1..1; 1 = round."""
    angle: Value = 0.0
    """Direction of the longer axis in degrees from the x axis; any value."""

    def __post_init__(self) -> None:
        require("GaussianBlur.sigma", self.sigma, 0, 50)
        require("GaussianBlur.ratio", self.ratio, 0.1, 1)

    def kernel(self, random: np.random.Generator) -> Kernel:
        longer = max(draw(self.sigma, random), 0.05)  # below 0.05 the samples are an impulse
        shorter = max(longer * draw(self.ratio, random), 0.05)
        angle = math.radians(draw(self.angle, random))
        y, x = grid(math.ceil(3.5 * longer))
        along = (x * math.cos(angle) + y * math.sin(angle)) / longer
        across = (y * math.cos(angle) - x * math.sin(angle)) / shorter
        weights = np.exp(-(along**2 + across**2) / 2)
        return normalised(weights)


@dataclass(frozen=True)
class DefocusBlur(Blur):
    """The disc of confusion of a round aperture, with a soft edge."""

    radius: Value
    """0..50 pixels; 0 = none."""
    softness: Value = 1.0
    """Width of the disc's edge, 1..2 pixels; 1 = just antialiased."""

    def __post_init__(self) -> None:
        require("DefocusBlur.radius", self.radius, 0, 50)
        require("DefocusBlur.softness", self.softness, 1, 2)

    def kernel(self, random: np.random.Generator) -> Kernel:
        radius, softness = draw(self.radius, random), draw(self.softness, random)
        weights = np.clip(
            (radius - np.hypot(*grid(math.ceil(radius + softness)))) / softness + 0.5, 0, 1
        )
        return normalised(weights)


@dataclass(frozen=True)
class MotionBlur(Blur):
    """The track of a camera that moves evenly along a line or an arc during the exposure."""

    length: Value
    """Length of the track, 0..100 pixels; 0 = none."""
    angle: Value = 0.0
    """Direction in the middle of the track, in degrees from the x axis; any value."""
    bend: Value = 0.0
    """Degrees the direction turns over the track; 0 = straight."""

    def __post_init__(self) -> None:
        require("MotionBlur.length", self.length, 0, 100)
        require("MotionBlur.bend", self.bend, -360, 360)

    def kernel(self, random: np.random.Generator) -> Kernel:
        length, angle, bend = (draw(v, random) for v in (self.length, self.angle, self.bend))
        count = 8 * math.ceil(length) + 1  # positions, an eighth of a pixel apart at most
        heading = np.radians(angle + bend * (np.arange(count) / max(count - 1, 1) - 0.5))
        step = length / count
        return splat(np.cumsum(np.sin(heading)) * step, np.cumsum(np.cos(heading)) * step)


def splat(y: Kernel, x: Kernel) -> Kernel:
    """The kernel of equal weights at positions (y, x), each (n,), centred on their mean."""
    y, x = y - y.mean(), x - x.mean()
    radius = math.ceil(max(np.abs(y).max(), np.abs(x).max()))
    ys, xs = grid(radius)
    hat_y = np.maximum(1 - np.abs(ys[:, :1] - y), 0)  # (k, n): linear weights, an axis at a time
    hat_x = np.maximum(1 - np.abs(xs[:1].T - x), 0)
    return normalised(hat_y @ hat_x.T)


@dataclass(frozen=True)
class Ringing(Blur):
    """A sharp circular low-pass: the halos of over-sharpened and badly resized pictures.

    The 2D sinc of Wang et al. 2021 (Real-ESRGAN), section 3.4. It has no neutral value: put it
    in a `Maybe`.
    """

    cutoff: Value
    """Highest frequency that passes, pi/4..pi radians per pixel."""
    radius: int = 10
    """The kernel's side is 2 radius + 1 pixels."""

    def __post_init__(self) -> None:
        require("Ringing.cutoff", self.cutoff, math.pi / 4, math.pi)
        require("Ringing.radius", self.radius, 1, 50)

    def kernel(self, random: np.random.Generator) -> Kernel:
        cutoff = draw(self.cutoff, random)
        distance = np.hypot(*grid(self.radius))
        distance[self.radius, self.radius] = 1e-6  # the limit at 0 is cutoff / 2
        weights = bessel_j1(cutoff * distance) / distance
        return normalised(weights)


def bessel_j1(x: Kernel) -> Kernel:
    """Bessel's J1 by his integral; the midpoint rule is exact here up to |x| of about 200."""
    angle = (np.arange(256) + 0.5) * math.pi / 256
    waves: Kernel = np.cos(angle - x[..., None] * np.sin(angle)).mean(-1)
    return waves
