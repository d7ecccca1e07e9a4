"""Dead leaves: the same each time, and with the statistics of photographs."""

import itertools

import numpy as np
import pytest

from printroom.core.errors import BadOption
from printroom.training.dead_leaves import DeadLeaves, generate, power_law
from printroom.training.leaf_shapes import CORNERS, outlines
from printroom.training.leaf_textures import SIDE, sheets

SQUARE = 128


@pytest.fixture(scope="module")
def pictures():
    row = DeadLeaves(SQUARE, seed=1)
    return [row[number] for number in range(24)]


def test_a_number_names_a_picture_and_a_seed_a_row(pictures):
    np.testing.assert_array_equal(DeadLeaves(SQUARE, seed=1)[5], pictures[5])
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    assert not np.array_equal(DeadLeaves(SQUARE, seed=2)[5], pictures[5])


@pytest.mark.parametrize("side", [16, 33, 600])
def test_any_side_comes_out(side, random):
    picture = generate(side, random)
    assert picture.shape == (side, side, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("seed", range(20))
def test_small_pictures_have_leaves_too(seed):
    assert generate(16, np.random.default_rng(seed)).std() > 1


def test_too_small_a_side_is_refused(random):
    with pytest.raises(BadOption, match="15 pixels"):
        generate(15, random)


def luma(picture):
    return picture @ np.array([0.299, 0.587, 0.114])


def test_power_falls_like_one_over_the_frequency_squared(pictures):
    window = np.hanning(SQUARE)[:, None] * np.hanning(SQUARE)
    greys = [luma(picture) - luma(picture).mean() for picture in pictures]
    power = np.mean([np.abs(np.fft.fft2(grey * window)) ** 2 for grey in greys], axis=0)
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(SQUARE)] * 2))
    edges = np.geomspace(4 / SQUARE, 0.35, 10)
    rings = [(frequency >= low) & (frequency < high) for low, high in itertools.pairwise(edges)]
    x = [np.log(frequency[ring]).mean() for ring in rings]
    y = [np.log(power[ring].mean()) for ring in rings]
    assert np.polyfit(x, y, 1)[0] == pytest.approx(-2.4, abs=0.4)  # photographs: -2 to -3


def test_edges_and_calm_mix_as_in_photographs(pictures):
    steps = np.abs(np.concatenate([np.diff(luma(p), axis=1).ravel() for p in pictures]))
    assert np.median(steps) < 5  # most of a picture is calm
    assert np.quantile(steps, 0.99) > 60  # and it has sharp edges
    kurtosis = (steps**4).mean() / (steps**2).mean() ** 2
    assert kurtosis > 10  # 3 if steps were normal


def test_brightness_and_colour_have_room_on_both_sides(pictures):
    means = np.array([picture.mean() for picture in pictures])
    assert 85 < means.mean() < 150
    assert means.std() > 15
    ends = np.mean([((p == 0) | (p == 255)).mean() for p in pictures])
    assert ends < 0.15
    colourful = [np.ptp(picture.astype(int), axis=2).mean() for picture in pictures]
    assert min(colourful) < 20 < max(colourful)


def test_the_scene_is_the_same_everywhere(pictures):
    """Laid leaves cover corners and middle alike: no border is favoured."""
    steps = np.mean([np.abs(np.diff(luma(p), axis=1)) for p in pictures], axis=0)
    border = np.concatenate([steps[:16].ravel(), steps[-16:].ravel()]).mean()
    assert border == pytest.approx(steps[48:80].mean(), rel=0.25)


def test_radii_follow_the_power_law(random):
    radii = power_law(4, 256, 100_000, random)
    assert radii.min() >= 4
    assert radii.max() <= 256
    for radius in (8, 16, 32):  # the share above r falls with r squared
        share = (4 / radius) ** 2
        assert (radii > radius).mean() == pytest.approx(share, rel=0.1)


def test_shapes_scale_with_their_radius_and_stay_within_reach():
    one, three = (outlines(np.full(500, r), np.random.default_rng(0)) for r in (1.0, 3.0))
    assert one.shape == (500, CORNERS, 2)
    np.testing.assert_allclose(one * 3, three)
    assert np.hypot(one[..., 0], one[..., 1]).max() < 2.2


def test_textures_use_the_whole_range_and_differ():
    assert all(sheet.shape == (SIDE, SIDE) and sheet.dtype == np.uint8 for sheet in sheets())
    assert all(sheet.std() > 20 for sheet in sheets())
    assert len({sheet.tobytes() for sheet in sheets()}) == len(sheets())
