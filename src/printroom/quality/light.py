"""sRGB values and the light they stand for (IEC 61966-2-1), and the angle between colours of light.

encoded 0..1 <-> light 0..1; light of two pictures -> degrees
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from printroom.quality.pictures import Picture, Pixels, as_picture

DARKEST, BRIGHTEST = 5, 250
"""Levels of 255 outside which a sample says little about the colour of the light."""
LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Share of red, green and blue in luminance (Rec. 709)."""


def to_light(picture: Picture) -> Picture:
    """Encoded values -> light; what is outside 0..1 is cut off."""
    values = np.clip(picture, 0, 1)
    curve = ((values + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(values <= 0.04045, values / np.float32(12.92), curve)


def to_srgb(light: Picture) -> Picture:
    """Light -> encoded values; what is outside 0..1 is cut off."""
    values = np.clip(light, 0, 1)
    curve = np.float32(1.055) * values ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(values <= 0.0031308, values * np.float32(12.92), curve)


def measurable(pixels: Pixels) -> NDArray[np.bool_]:
    """(H, W): where all samples are neither nearly black nor nearly clipped."""
    return np.asarray(((pixels >= DARKEST) & (pixels <= BRIGHTEST)).all(2))


def cast_angle(result: Pixels, truth: Pixels, where: NDArray[np.bool_]) -> float:
    """The colour cast that is left in `result`, in degrees; 0 = none.

    For each channel the gain that fits `result` to `truth` in linear light, by least squares over
    `where` (H, W); then the angle between these three gains and a grey. It is what studies of
    white balance call the angular error, for pictures instead of estimates of the light.
    """
    a, b = (to_light(as_picture(p))[where].astype(np.float64) for p in (result, truth))
    gains = (a * b).sum(0) / (b * b).sum(0)
    length = float(np.linalg.norm(gains))
    cosine = float(gains.sum()) / (length * 3**0.5) if length else 0.0
    return float(np.degrees(np.arccos(min(1.0, cosine))))
