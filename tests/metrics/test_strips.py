"""Shrinking, against the convolution it stands for; and strips, which must not show."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from printroom.metrics.strips import Carry, Shrinker, shrink, strips

Array = NDArray[Any]
sides = st.integers(1, 40)


def by_convolution(picture: Array, factor: int) -> Array:
    """MATLAB's conv2(x, ones(f) / f^2, 'same'), every f-th pixel: 'same' starts at f // 2."""
    full = np.zeros(np.add(picture.shape, factor - 1))
    for down in range(factor):
        for right in range(factor):
            full[down:, right:][: picture.shape[0], : picture.shape[1]] += picture / factor**2
    same = full[factor // 2 :, factor // 2 :][: picture.shape[0], : picture.shape[1]]
    return same[::factor, ::factor]


@settings(deadline=None)
@given(height=sides, width=sides, factor=st.integers(1, 9))
def test_shrinking_is_the_authors_convolution(height: int, width: int, factor: int) -> None:
    picture = np.random.default_rng(height * width).integers(0, 256, (height, width))
    np.testing.assert_allclose(shrink(picture, factor), by_convolution(picture, factor), atol=1e-4)


@settings(deadline=None)
@given(height=sides, width=sides)
def test_mirrored_halving_repeats_the_last_row_and_column(height: int, width: int) -> None:
    picture = np.random.default_rng(height * width).integers(0, 256, (height, width))
    padded = np.pad(picture, ((0, height % 2), (0, width % 2)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2)
    np.testing.assert_allclose(shrink(picture, 2, mirror=True), blocks.mean((1, 3)), atol=1e-4)


@settings(deadline=None)
@given(st.lists(st.integers(0, 11), min_size=1), st.integers(1, 7), st.sampled_from([1, 3]))
def test_shrinking_does_not_see_strips(heights: list[int], factor: int, bands: int) -> None:
    heights = [1, *heights]
    picture = np.random.default_rng(factor).random((sum(heights), 13, bands)).astype(np.float32)
    shrinker = Shrinker(factor)
    parts = np.split(picture, np.cumsum(heights)[:-1])
    streamed = np.concatenate([*(shrinker.add(part) for part in parts), shrinker.finish()])
    np.testing.assert_array_equal(streamed, shrink(picture, factor))


def test_a_shrinker_needs_rows() -> None:
    with pytest.raises(ValueError, match="no rows"):
        Shrinker(2).finish()


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1), st.integers(0, 12))
def test_carry_shows_each_row_with_those_above(heights: list[int], rows: int) -> None:
    carry, top = Carry(rows), 0
    for height in heights:
        strip = np.arange(top, top + height)
        top += height
        np.testing.assert_array_equal(carry.add(strip), np.arange(max(0, top - height - rows), top))


@pytest.mark.parametrize("size", [(1, 1), (1000, 700), (100, 9000), (40, 50, 3), (70_000, 9, 3)])
def test_strips_are_the_picture(size: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    parts = list(strips(picture, picture))
    np.testing.assert_array_equal(np.concatenate([a for a, _ in parts]), picture)
    assert max(a.size for a, _ in parts) <= max(2**18, 32 * picture[0].size)
