"""Photographs, and what befalls them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from printroom.imaging.vips import pyvips

Pixels = NDArray[Any]
Photo = Callable[..., Pixels]
Worsen = Callable[[Pixels], Pixels]
Save = Callable[..., Path]


@pytest.fixture
def photo() -> Photo:
    """`photo(height, width, name="astronaut")`: uint8 (H, W, 3), mirrored where too small."""

    def cut(height: int, width: int, name: str = "astronaut") -> Pixels:
        pixels: Pixels = getattr(skimage.data, name)()
        down, right = max(0, height - pixels.shape[0]), max(0, width - pixels.shape[1])
        padding = ((0, down), (0, right), *[(0, 0)] * (pixels.ndim - 2))
        return np.pad(pixels, padding, mode="reflect")[:height, :width]

    return cut


@pytest.fixture
def blur() -> Worsen:
    """Means over 3 x 3 pixels, rounded down, round the edges: the same on every machine."""

    def worsen(picture: Pixels) -> Pixels:
        total = np.zeros(picture.shape, np.int64)
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                total += np.roll(picture, (down, right), (0, 1))
        return (total // 9).astype(picture.dtype)

    return worsen


@pytest.fixture
def noise() -> Callable[..., Pixels]:
    """`noise(picture, sigma, seed=0)`: Gaussian noise, rounded and clipped."""

    def worsen(picture: Pixels, sigma: float, seed: int = 0) -> Pixels:
        error = np.random.default_rng(seed).normal(0, sigma, picture.shape)
        return np.clip(np.rint(picture + error), 0, 255).astype(np.uint8)

    return worsen


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """`save(pixels, name)`: write (H, W) or (H, W, bands), uint8 or uint16, into a file."""

    def write(pixels: Pixels, name: str) -> Path:
        bands = 1 if pixels.ndim == 2 else pixels.shape[2]
        wide = "16" if pixels.dtype == np.uint16 else ""
        space = ("grey16" if wide else "b-w") if bands < 3 else ("rgb16" if wide else "srgb")
        path = tmp_path / name
        picture = pyvips.Image.new_from_array(np.ascontiguousarray(pixels))
        picture.copy(interpretation=space).write_to_file(str(path))
        return path

    return write
