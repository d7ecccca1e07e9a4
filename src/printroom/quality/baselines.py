"""What was done before networks: each one function over OpenCV or numpy, with a name.

picture (H, W, C) in 0..1, strength of the fault -> picture. Only `non_local_means` looks at the
strength, which blind networks are not told.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from printroom.imaging import bicubic as matlab
from printroom.quality.light import LUMA, to_light, to_srgb
from printroom.quality.pictures import Picture, as_picture, as_pixels

GREY_H, COLOUR_H = 0.8, 0.6
"""Strength `h` of non-local means over sigma, for grey and for colour: the best on Kodak."""
UNSHARP_SIGMA, UNSHARP_AMOUNT = 1.6, 2.0
"""The best on Kodak blurred with sigma 1.6."""
MIDDLE = 0.45
"""Mean brightness that the gamma baseline aims at."""


@dataclass(frozen=True)
class Baseline:
    """A function as a `Method`."""

    name: str
    function: Callable[[Picture, float | None], Picture]
    parameters: None = None

    def restore(self, picture: Picture, strength: float | None) -> Picture:
        """(H, W, C) -> (H * scale, W * scale, C)."""
        result = self.function(picture, strength)
        return np.asarray(result, np.float32).reshape(*result.shape[:2], picture.shape[2])


def none() -> Baseline:
    """The picture as it is."""
    return Baseline("none", lambda picture, _: picture)


def bicubic(scale: int) -> Baseline:
    """MATLAB's `imresize`, with which every paper compares."""
    return Baseline("bicubic", lambda picture, _: matlab.bicubic(picture, scale))


def lanczos(scale: int) -> Baseline:
    """OpenCV's Lanczos interpolation over 8 x 8 pixels."""

    def enlarge(picture: Picture, _: float | None) -> Picture:
        height, width = picture.shape[:2]
        size = (width * scale, height * scale)
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LANCZOS4), np.float32)

    return Baseline("Lanczos", enlarge)


def non_local_means() -> Baseline:
    """OpenCV's, with 7 x 7 patches in 21 x 21 pixels; it is told sigma, or measures it."""

    def denoise(picture: Picture, sigma: float | None) -> Picture:
        pixels = as_pixels(picture)  # it takes bytes
        level = noise_level(picture) if sigma is None else sigma
        if pixels.shape[2] == 1:
            result = cv2.fastNlMeansDenoising(pixels, None, GREY_H * level)
        else:
            h = COLOUR_H * level
            result = cv2.fastNlMeansDenoisingColored(pixels, None, h, h)
        return as_picture(np.asarray(result, np.uint8))

    return Baseline("non-local means", denoise)


def noise_level(picture: Picture) -> float:
    """Standard deviation of white noise in levels of 255 (Immerkaer 1996: "Fast noise variance
    estimation"), the mean over the channels.
    """
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(picture * np.float32(255), -1, mask)[1:-1, 1:-1])
    return float(response.mean()) * math.sqrt(math.pi / 2) / 6


def unsharp_mask() -> Baseline:
    """The picture plus twice what a Gaussian takes from it."""

    def sharpen(picture: Picture, _: float | None) -> Picture:
        soft = cv2.GaussianBlur(picture, (0, 0), UNSHARP_SIGMA).reshape(picture.shape)
        return np.asarray(picture + np.float32(UNSHARP_AMOUNT) * (picture - soft), np.float32)

    return Baseline("unsharp mask", sharpen)


def clahe() -> Baseline:
    """Adaptive histogram equalisation of CIE L*, clip limit 2, 8 x 8 fields."""

    def equalise(picture: Picture, _: float | None) -> Picture:
        tool = cv2.createCLAHE(2.0, (8, 8))
        pixels = as_pixels(picture)
        if pixels.shape[2] == 1:
            return as_picture(np.asarray(tool.apply(pixels), np.uint8))
        lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
        lab[..., 0] = tool.apply(np.ascontiguousarray(lab[..., 0]))
        return as_picture(np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8))

    return Baseline("CLAHE", equalise)


def gamma() -> Baseline:
    """A power that brings the mean near the middle: log(middle) / log(mean)."""

    def brighten(picture: Picture, _: float | None) -> Picture:
        values = np.clip(picture, 0, 1)
        mean = float(np.clip(values.mean(), 1e-3, 0.999))
        return np.asarray(values ** np.float32(math.log(MIDDLE) / math.log(mean)), np.float32)

    return Baseline("gamma", brighten)


def grey_world() -> Baseline:
    """Gains that make the mean colour of the light grey, at the same luminance."""

    def balance(picture: Picture, _: float | None) -> Picture:
        light = to_light(picture)
        means = light.mean((0, 1), dtype=np.float64)
        gains = (means @ LUMA) / np.maximum(means, 1e-6)
        return to_srgb((light * gains).astype(np.float32))

    return Baseline("grey world", balance)
