"""Pictures in tiles: any part, any size, near enough to the truth; exact where there is opacity."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.imaging.encode import PictureSpec
from printroom.imaging.metadata import Metadata
from printroom.imaging.tiled import Rows, Tiled, TiledEncoder

WIDTH, HEIGHT = 900, 701
NEAR = 2
"""Levels of 255 that JPEG may change a smooth picture by, on average."""


def smooth(bands, depth):
    """Waves, other ones in each band."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    waves = [np.sin(x / (31 + band)) * np.cos(y / (47 + band)) for band in range(bands)]
    dtype = np.uint8 if depth == 8 else np.uint16
    return ((np.stack(waves, 2) + 1) / 2 * np.iinfo(dtype).max).astype(dtype)


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory):
    """(bands, depth) -> the picture, and the same in tiles."""
    made = {}

    def make(bands, depth=8):
        if (bands, depth) not in made:
            path = tmp_path_factory.mktemp("tiles") / "picture"
            spec = PictureSpec(WIDTH, HEIGHT, bands, depth)
            pixels = smooth(bands, depth)
            with TiledEncoder(path, spec, Metadata(icc=None)) as encoder:
                encoder.write(pixels[:300])
                encoder.write(pixels[300:])
                encoder.finish()
            made[bands, depth] = pixels, Tiled(os.open(path, os.O_RDONLY))
        return made[bands, depth]

    yield make
    for _, tiled in made.values():
        os.close(tiled._descriptor)


def rows_of(part, step=97):
    reader = Rows(part)
    return np.concatenate([reader.read(step) for _ in range(0, part.height, step)])


@pytest.mark.parametrize(("bands", "depth"), [(1, 8), (3, 8), (3, 16), (2, 8), (4, 16)])
def test_the_whole_is_the_picture_in_8_bits(laid_out, bands, depth):
    pixels, tiled = laid_out(bands, depth)
    assert (tiled.width, tiled.height, tiled.bands) == (WIDTH, HEIGHT, bands)
    found = rows_of(tiled.part(0, 0, WIDTH, HEIGHT, 1.0))
    wanted = pixels if depth == 8 else np.rint(pixels / 257).astype(np.uint8)
    difference = np.abs(found.astype(int) - wanted)
    assert difference.mean() < NEAR
    if bands in (2, 4):
        assert difference.max() == 0


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, WIDTH),
    st.integers(1, HEIGHT), st.floats(0.01, 1.0),
)  # fmt: skip
def test_a_part_is_that_part_and_large_enough(laid_out, left, top, width, height, scale):
    pixels, tiled = laid_out(3)
    width, height = min(width, WIDTH - left), min(height, HEIGHT - top)
    part = tiled.part(left, top, width, height, scale)
    found = rows_of(part)
    assert found.shape == (part.height, part.width, 3)
    assert part.width >= min(width, int(width * scale))
    assert part.height >= min(height, int(height * scale))
    if part.picture.width == WIDTH:
        assert (part.left, part.top, part.width, part.height) == (left, top, width, height)
        wanted = pixels[top : top + height, left : left + width]
        assert np.abs(found.astype(int) - wanted).mean() < 2 * NEAR
    else:
        mean = pixels[top : top + height, left : left + width].mean((0, 1))
        if min(part.width, part.height) > 8:
            assert np.abs(found.mean((0, 1)) - mean).max() < 20


def test_what_is_not_finished_leaves_nothing(tmp_path):
    spec = PictureSpec(WIDTH, HEIGHT, 3, 8)
    with TiledEncoder(tmp_path / "picture", spec, Metadata()) as encoder:
        encoder.write(smooth(3, 8)[:100])
    assert list(tmp_path.iterdir()) == []
