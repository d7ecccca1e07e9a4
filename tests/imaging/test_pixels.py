from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from printroom.imaging.pixels import from_planes, to_planes

Rows = NDArray[Any]


def rows(bands: st.SearchStrategy[int]) -> st.SearchStrategy[Rows]:
    return st.tuples(
        st.sampled_from([np.uint8, np.uint16]), st.integers(1, 9), st.integers(1, 9), bands
    ).flatmap(lambda shape: arrays.arrays(shape[0], shape[1:]))


@given(rows(st.sampled_from([1, 3])))
@settings(deadline=None)
def test_without_alpha_nothing_is_lost(picture: Rows) -> None:
    planes = to_planes(picture)
    assert planes.shape == (1, 3, *picture.shape[:2])
    assert planes.dtype == np.float32
    np.testing.assert_array_equal(from_planes(planes, picture.shape[2], picture.dtype), picture)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("bands", [1, 3])
def test_every_level_comes_back(bands: int, dtype: Any) -> None:
    levels = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    picture = np.repeat(levels.reshape(1, -1, 1), bands, axis=2)
    np.testing.assert_array_equal(from_planes(to_planes(picture), bands, dtype), picture)


@given(rows(st.sampled_from([2, 4])))
@settings(max_examples=300, deadline=None)
def test_with_alpha_nothing_visible_is_lost(picture: Rows) -> None:
    planes = to_planes(picture)
    assert planes.shape == (2, 3, *picture.shape[:2])
    result = from_planes(planes, picture.shape[2], picture.dtype)
    alpha = picture[..., -1]
    np.testing.assert_array_equal(result[..., -1], alpha)
    error = np.abs(result.astype(int) - picture)
    assert error[alpha > 0].max(initial=0) <= 1
    assert error[alpha == np.iinfo(picture.dtype).max].max(initial=0) == 0


def test_what_is_under_transparent_pixels_does_not_show() -> None:
    hidden = np.full((4, 4, 4), 255, np.uint8)
    hidden[:2] = (0, 0, 0, 255)
    hidden[2:, :, 3] = 0
    blurred = to_planes(hidden).copy()
    blurred[..., 2, :] = (blurred[..., 1, :] + blurred[..., 2, :]) / 2
    result = from_planes(blurred, 4, np.uint8)
    assert result[2, 0].tolist() == [0, 0, 0, 128]  # black, half as dense: no white fringe


def test_a_network_may_overshoot() -> None:
    planes = np.array([-0.5, 0.0, 0.5, 1.0, 7.0], np.float32)
    planes = np.broadcast_to(planes, (1, 3, 1, 5))
    assert from_planes(planes, 1, np.uint8).ravel().tolist() == [0, 0, 128, 255, 255]
    pair = np.concatenate([planes, planes])
    assert from_planes(pair, 2, np.uint8)[0, :, 1].tolist() == [0, 0, 128, 255, 255]


def test_grey_is_the_mean_of_what_the_network_made_of_it() -> None:
    planes = np.array([0.1, 0.2, 0.6], np.float32).reshape(1, 3, 1, 1)
    assert from_planes(planes, 1, np.uint16).item() == round(0.3 * 65535)


def test_planes_are_left_as_they_are() -> None:
    planes = np.random.default_rng(0).random((2, 3, 5, 5), np.float32)
    before = planes.copy()
    from_planes(planes, 4, np.uint8)
    np.testing.assert_array_equal(planes, before)
