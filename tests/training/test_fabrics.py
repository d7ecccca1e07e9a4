"""Fabrics: the same each time, and full of fine patterns that repeat."""

import numpy as np
import pytest

from printroom.core.errors import BadOption
from printroom.training.dead_leaves import DeadLeaves
from printroom.training.fabrics import Fabrics, generate

SIDE = 128


@pytest.fixture(scope="module")
def pictures():
    return [Fabrics(SIDE)[number] for number in range(24)]


def test_a_number_names_a_picture_and_a_seed_a_row(pictures):
    np.testing.assert_array_equal(Fabrics(SIDE)[5], pictures[5])
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    assert not np.array_equal(Fabrics(SIDE, seed=1)[5], pictures[5])


@pytest.mark.parametrize("side", [16, 33, 200])
def test_any_side_comes_out(side, random):
    picture = generate(side, random)
    assert picture.shape == (side, side, 3)
    assert picture.dtype == np.uint8


def test_too_small_a_side_is_refused(random):
    with pytest.raises(BadOption, match="no fabric of 15 pixels"):
        generate(15, random)


def repeating(picture):
    """How alike green is to itself some 3 to 24 pixels farther on, at best, without its folds."""
    green = picture[..., 1].astype(float)
    power = np.abs(np.fft.fft2(green - green.mean())) ** 2
    slow = np.hypot(*np.meshgrid(*[np.fft.fftfreq(SIDE)] * 2)) < 1 / 16
    power[slow] = 0
    alike = np.fft.ifft2(power).real
    y, x = np.meshgrid(*[np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE))] * 2)
    near = np.hypot(y, x)
    return alike[(near >= 3) & (near <= 24)].max() / alike[0, 0]


def test_patterns_repeat_more_than_those_of_dead_leaves(pictures):
    fabrics = [repeating(picture) for picture in pictures]
    leaves = [repeating(DeadLeaves(SIDE)[number]) for number in range(24)]
    assert np.median(fabrics) > 1.5 * np.median(leaves)


def test_brightness_has_room_on_both_sides(pictures):
    levels = np.stack(pictures).ravel()
    assert 50 < levels.mean() < 200
    assert np.quantile(levels, 0.02) < 40
    assert np.quantile(levels, 0.98) > 190
