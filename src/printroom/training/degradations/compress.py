"""What files do to pictures: real JPEG and WebP codecs, and rounding to bytes.

The grid of blocks starts at the top left of the picture that comes in: crop after compressing,
or a network learns where the blocks are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.training.degradations.base import Degradation, Picture, Value, draw, require

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
"""Colour at full resolution, at half the width, or at half of both sides."""


def to_bytes(picture: Picture) -> NDArray[np.uint8]:
    """0..1 -> 0..255, rounded."""
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def from_bytes(values: NDArray[np.uint8]) -> Picture:
    """0..255 -> 0..1."""
    return values.astype(np.float32) / np.float32(255)


def coded(picture: Picture, suffix: str, parameters: list[int]) -> Picture:
    """`picture` written and read again by the codec of `suffix`."""
    import cv2

    bgr = np.ascontiguousarray(to_bytes(picture)[..., ::-1])
    written, data = cv2.imencode(suffix, bgr, parameters)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if written else None
    if decoded is None:  # the format's own limit: 65,500 pixels a side for JPEG, 16,383 for WebP
        raise BadOption(f"no {suffix} holds {picture.shape[:2]}", "degrade smaller crops")
    return from_bytes(decoded[..., ::-1].astype(np.uint8, copy=False))


@dataclass(frozen=True)
class Jpeg(Degradation):
    """A JPEG file (libjpeg-turbo). No neutral value; 100 with 4:4:4 changes two levels or so."""

    quality: Value
    """1..100, rounded."""
    subsampling: Subsampling = "4:2:0"

    def __post_init__(self) -> None:
        require("Jpeg.quality", self.quality, 1, 100)
        if self.subsampling not in ("4:4:4", "4:2:2", "4:2:0"):
            raise BadOption(
                f"no JPEG subsampling {self.subsampling!r}", "take 4:4:4, 4:2:2 or 4:2:0"
            )

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        import cv2

        factor = {
            "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
            "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
            "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
        }[self.subsampling]
        quality = round(draw(self.quality, random))
        parameters = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor]
        return coded(picture, ".jpg", parameters)


@dataclass(frozen=True)
class WebP(Degradation):
    """A lossy WebP file, always with colour at half resolution. No neutral value."""

    quality: Value
    """1..100, rounded."""

    def __post_init__(self) -> None:
        require("WebP.quality", self.quality, 1, 100)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        import cv2

        quality = round(draw(self.quality, random))
        return coded(picture, ".webp", [cv2.IMWRITE_WEBP_QUALITY, quality])


@dataclass(frozen=True)
class EightBits(Degradation):
    """Rounding to 256 levels, as any 8-bit file does. Pictures from bytes stay as they are."""

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG002
        return from_bytes(to_bytes(picture))
