"""Measures agree with what was done to the picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.pipelines.step import Preview, Sample
from printroom.steps.inspect.cast import BINS, ENDS, STOP, cast
from printroom.steps.inspect.grey import belief, votes
from printroom.steps.inspect.measure import measure
from printroom.training.degradations.blur import GaussianBlur
from printroom.training.degradations.cast import ColourCast
from printroom.training.degradations.compress import Jpeg
from printroom.training.degradations.light import InLinearLight
from printroom.training.degradations.noise import CorrelatedNoise, GaussianNoise


@pytest.fixture
def measured(preview, photos):
    """Measures of one of the photos after a degradation, cropped by (top, left)."""

    def look(degradation, name="astronaut.png", top=0, left=0):
        made = degradation(photos[name], np.random.default_rng(0))
        return measure(preview(made[top:, left:]))

    return look


@pytest.mark.parametrize(("top", "left"), [(0, 0), (3, 5), (7, 1)])
def test_the_grid_of_jpeg_is_found_after_a_crop(measured, top, left):
    blocks = measured(Jpeg(30), top=top, left=left).blocks
    assert (blocks.left, blocks.top) == (-left % 8, -top % 8)


@pytest.mark.parametrize("quality", [10, 30, 50, 75, 85])
def test_the_quality_of_jpeg_is_read_off_its_steps(measured, quality):
    for name in ("astronaut.png", "coffee.png"):
        blocks = measured(Jpeg(quality), name, top=3, left=5).blocks
        assert blocks.quality == pytest.approx(quality, abs=2)


def test_a_photo_that_was_never_jpeg_has_no_steps(measured):
    blocks = measured(GaussianNoise(0)).blocks
    assert blocks.quality is None
    assert abs(blocks.ratio) < 0.2
    assert abs(blocks.zeros) < 0.05


@pytest.mark.parametrize("sigma", [10, 25])
def test_noise_is_measured_whatever_its_kind(measured, sigma):
    for noise in (GaussianNoise(sigma), GaussianNoise(sigma, grey=True)):
        assert measured(noise).noise.level == pytest.approx(sigma, rel=0.25)
    smeared = measured(CorrelatedNoise(sigma, grain=0.7, shared=0.5)).noise
    assert smeared.level == pytest.approx(sigma, rel=0.35)
    assert smeared.coarse > 2 * smeared.flat


@pytest.mark.parametrize("sigma", [1.5, 2, 3])
def test_blur_is_measured_in_pixels(measured, sigma):
    assert measured(GaussianBlur(sigma)).sharpness.blur == pytest.approx(sigma, rel=0.25)


def test_what_blur_does_to_each_measure_of_sharpness(measured):
    sharp, soft = measured(GaussianBlur(0)).sharpness, measured(GaussianBlur(2)).sharpness
    assert soft.reblur > sharp.reblur
    assert soft.laplacian < sharp.laplacian
    assert soft.typical_width > sharp.typical_width
    assert soft.bands[-1] < sharp.bands[-1]


def test_light_is_that_of_the_pixels(preview):
    ramp = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[None, :, None], 3, 2)
    light = measure(preview(np.repeat(ramp, 64, 0))).light
    assert light.mean == pytest.approx(0.5, abs=0.01)
    assert light.median == pytest.approx(0.5, abs=0.01)
    assert light.black == pytest.approx(0.02, abs=0.01)


def test_a_light_shifts_the_histogram_and_nothing_else(photos):
    picture = np.clip(photos["coffee.png"], 0.15, 0.6)
    half = InLinearLight(ColourCast(0.5))(picture, np.random.default_rng(0))  # 1/2 stop red - blue
    before, after = (
        cast(p, [p * 255]).histograms[0] for p in (q.transpose(2, 0, 1) for q in (picture, half))
    )
    shift = int(0.25 * STOP)
    moved = np.roll(before, (shift, -shift), (0, 1))
    assert np.minimum(moved**2, after**2).sum() > 0.75  # the rest fell on the other side of a bin
    assert np.minimum(before**2, after**2).sum() < np.minimum(moved**2, after**2).sum()


def test_channels_end_where_their_levels_do():
    random = np.random.default_rng(0)
    sample = random.integers(20, 200, (3, 40, 50)).astype(np.float32)
    ends = cast(sample / 255, [sample, sample[:, :7]]).ends * 255
    levels = np.concatenate([sample.reshape(3, -1), sample[:, :7].reshape(3, -1)], axis=1)
    expected = np.percentile(levels, ENDS, axis=1, method="inverted_cdf")
    np.testing.assert_allclose(ends, expected, atol=1e-3)


def test_a_picture_without_colour_has_no_cast():
    grey = np.repeat(np.random.default_rng(0).random((1, 50, 60), dtype=np.float32), 3, 0)
    assert not cast(grey, [grey * 255]).histograms.any()


@given(st.integers(0, BINS - 1), st.integers(0, BINS - 1))
def test_votes_move_with_the_histogram(down, right):
    random = np.random.default_rng(1)
    histograms, filters = random.random((2, 3, BINS, BINS))
    moved = votes(np.roll(histograms, (down, right), (1, 2)), filters)
    np.testing.assert_allclose(moved, np.roll(votes(histograms, filters), (down, right), (0, 1)))
    assert belief(histograms, filters).sum() == pytest.approx(1)


@pytest.mark.parametrize("side", [1, 7, 23, 40])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_tiny_and_flat_pictures_are_measured_without_a_complaint(side, value):
    planes = np.full((1, 3, side, side), value, np.float32)
    measures = measure(Preview(side, side, planes, (Sample(0, 0, planes),), {}))
    assert measures.noise.level == 0
    assert measures.light.mean == pytest.approx(value, abs=1e-6)
