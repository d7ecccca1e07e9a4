"""Eight ways to see a square, and pairs of patches that show the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import BadOption
from printroom.training.augment import WAYS, crop_pair, scale_of, turned


def test_the_eight_ways_differ_and_none_is_missing():
    picture = np.arange(12).reshape(2, 2, 3)
    seen = {turned(picture, way).tobytes() for way in range(WAYS)}
    assert len(seen) == WAYS
    twice = {
        turned(turned(picture, first), second).tobytes()
        for first in range(WAYS)
        for second in range(WAYS)
    }
    assert twice == seen


@given(
    side=st.integers(1, 12),
    more=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    scale=st.integers(1, 4),
    seed=st.integers(0, 999),
)
def test_both_patches_show_the_same(side, more, scale, seed):
    height, width = side + more[0], side + more[1]
    source = np.arange(height * width * 3).reshape(height, width, 3)
    target = source.repeat(scale, 0).repeat(scale, 1)
    small, large = crop_pair(source, target, side, np.random.default_rng(seed))
    assert small.shape == (side, side, 3)
    np.testing.assert_array_equal(small.repeat(scale, 0).repeat(scale, 1), large)


def test_every_place_and_way_is_reached(random):
    source = np.arange(9).reshape(3, 3)
    seen = {crop_pair(source, source, 2, random)[0].tobytes() for _ in range(1000)}
    assert len(seen) == 4 * WAYS


@pytest.mark.parametrize("target", [(8, 9), (9, 8), (3, 3), (6, 8)])
def test_a_target_that_is_no_multiple_is_refused(target):
    with pytest.raises(BadOption, match="no multiple"):
        scale_of(np.zeros((4, 4, 3)), np.zeros((*target, 3)))


@pytest.mark.parametrize("side", [0, 5])
def test_a_patch_that_does_not_fit_is_refused(side, random):
    with pytest.raises(BadOption, match="no square"):
        crop_pair(np.zeros((4, 9, 3)), np.zeros((4, 9, 3)), side, random)
