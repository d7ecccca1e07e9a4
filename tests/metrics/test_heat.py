"""The map: it has the picture's shape, is black where nothing differs, and bright where it does."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from printroom.metrics.heat import LONGEST, HeatMap

Pixels = NDArray[Any]


def drawn(similarity: Pixels, height: int, width: int, step: int) -> Pixels:
    heat = HeatMap(height, width)
    for top in range(0, len(similarity), step):
        heat.add(similarity[top : top + step])
    return heat.picture()


@settings(deadline=None, max_examples=30)
@given(st.integers(11, 60), st.integers(11, 60), st.integers(1, 50))
def test_strips_do_not_show(height: int, width: int, step: int) -> None:
    similarity = np.random.default_rng(step).random((height - 10, width - 10), np.float32)
    whole = drawn(similarity, height, width, height)
    assert whole.shape == (height, width, 3)
    np.testing.assert_array_equal(drawn(similarity, height, width, step), whole)


@pytest.mark.parametrize("size", [(4100, 300), (300, 6145), (2049, 2048)])
def test_a_large_picture_is_drawn_smaller(size: tuple[int, int]) -> None:
    height, width = size
    similarity = np.ones((height - 10, width - 10), np.float32)
    similarity[100:104, 200:204] = 0
    picture = drawn(similarity, height, width, 333)
    factor = -(-max(size) // LONGEST)
    assert picture.shape == (-(-height // factor), -(-width // factor), 3)
    bright = picture.astype(int).sum(2)
    y, x = np.unravel_index(bright.argmax(), bright.shape)
    assert (y, x) == pytest.approx((106 / factor, 206 / factor), abs=2)
    assert bright[0, 0] < 20


def test_worse_is_brighter() -> None:
    similarity = np.linspace(1, 0, 90, dtype=np.float32) + np.zeros((10, 1), np.float32)
    line = drawn(similarity, 20, 100, 10)[10].astype(int).sum(1)
    assert (np.diff(line) >= 0).all()
    assert line[0] < 20
    assert line[-1] > 600


def test_the_margin_repeats_its_neighbours() -> None:
    similarity = np.random.default_rng(0).random((20, 30), np.float32)
    picture = drawn(similarity, 30, 40, 7)
    np.testing.assert_array_equal(picture[0], picture[5])
    np.testing.assert_array_equal(picture[:, -1], picture[:, -6])
