"""All that is measured of a picture, before anything is concluded: Preview -> Measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from printroom.pipelines.step import Preview
from printroom.steps.inspect.blocks import Blocks, blocks
from printroom.steps.inspect.cast import Cast, cast
from printroom.steps.inspect.light import Light, light
from printroom.steps.inspect.noise import Noise, noise
from printroom.steps.inspect.sharpness import Sharpness, sharpness

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Of encoded RGB: BT.601, as in JPEG."""


@dataclass(frozen=True)
class Measures:
    """Of one picture."""

    blocks: Blocks
    noise: Noise
    sharpness: Sharpness
    light: Light
    cast: Cast


def measure(preview: Preview) -> Measures:
    """Measure the samples in full resolution, and colour on the thumbnail."""
    pixels = [np.clip(sample.pixels[0], 0, 1) * np.float32(255) for sample in preview.samples]
    lumas: list[NDArray[np.float32]] = [np.tensordot(LUMA, planes, 1) for planes in pixels]
    placed = [
        (sample.left, sample.top, luma) for sample, luma in zip(preview.samples, lumas, strict=True)
    ]
    return Measures(
        blocks=blocks(placed),
        noise=noise(pixels, lumas),
        sharpness=sharpness(lumas),
        light=light(lumas),
        cast=cast(preview.thumbnail[0], pixels),
    )
