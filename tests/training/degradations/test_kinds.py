"""Resizing, files, light, casts and second-order mixes: each against a second source."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import BadOption
from printroom.imaging.bicubic import bicubic
from printroom.training.degradations.base import Range
from printroom.training.degradations.cast import LUMA, ColourCast, ColourMatrix, gains
from printroom.training.degradations.compose import Chain
from printroom.training.degradations.compress import EightBits, Jpeg, WebP
from printroom.training.degradations.grading import Contrast, Fog, Saturation, Sharpened
from printroom.training.degradations.light import (
    Exposure,
    Gamma,
    InLinearLight,
    low_light,
    to_linear,
    to_srgb,
)
from printroom.training.degradations.resize import Resize, Sized, Within, resized
from printroom.training.degradations.second_order import second_order


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([0.25, 1 / 3, 0.5, 0.7, 1.3, 2, 4]))
def test_bicubic_is_matlabs(height, width, scale):
    picture = np.random.default_rng(width).random((height, width, 3), dtype=np.float32)
    result = Resize(scale)(picture, np.random.default_rng(0))
    expected = np.clip(bicubic(picture, scale), 0, 1)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, atol=2e-6)


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from(["bicubic", "area", "bilinear"]))
@settings(deadline=None)
def test_any_size_comes_out_as_asked_and_flat_stays_flat(size, out, method):
    picture = np.full((size, size + 1, 3), 0.3, np.float32)
    result = resized(picture, out, out + 2, method)
    assert result.shape == (out, out + 2, 3)
    np.testing.assert_allclose(result, 0.3, atol=1e-6)


def test_area_is_the_mean_of_the_pixels_under_it(photo, random):
    expected = photo.reshape(48, 2, 64, 2, 3).mean((1, 3))
    np.testing.assert_allclose(Resize(0.5, "area")(photo, random), expected, atol=1e-6)


@pytest.mark.parametrize("scale", [0.25, 0.5, 1, 2])
def test_sized_ends_at_its_scale_whatever_happens_within(photo, random, scale):
    body = Chain(Resize(Range(0.2, 2)), Resize(Range(0.2, 2), "area"))
    for _ in range(5):
        assert Sized(body, scale)(photo, random).shape == (96 * scale, 128 * scale, 3)


def test_the_best_jpeg_is_nearly_the_picture(photo, random):
    error = np.abs(Jpeg(100, "4:4:4")(photo, random) - photo) * 255
    assert error.max() <= 5
    assert error.mean() < 0.6


@pytest.mark.parametrize("codec", [Jpeg, WebP])
def test_worse_files_are_farther_from_the_picture(photo, random, codec):
    errors = [np.square(codec(q)(photo, random) - photo).mean() for q in (90, 60, 30, 10)]
    assert errors == sorted(errors)


def test_jpeg_has_blocks_and_subsampling_takes_colour(photo, random):
    coded = Jpeg(5)(photo, random)
    steps = np.abs(np.diff(coded, axis=1)).mean((0, 2))
    assert steps[7::8].mean() > 2 * np.delete(steps, np.s_[7::8]).mean()
    assert not np.array_equal(Jpeg(80)(photo, random), Jpeg(80, "4:4:4")(photo, random))


def test_files_keep_red_red(flat, random):
    red = flat(32, 32, 0) + np.array([0.8, 0.2, 0.1], np.float32)
    for codec in (Jpeg(95), WebP(95)):
        np.testing.assert_allclose(codec(red, random)[16, 16], [0.8, 0.2, 0.1], atol=0.03)


def test_a_picture_too_long_for_its_format_is_refused(flat, random, capfd):
    with pytest.raises(BadOption, match="webp"):
        WebP(50)(flat(16_400, 1, 0.5), random)
    capfd.readouterr()  # OpenCV says so on standard error as well


def test_rounding_moves_no_pixel_by_more_than_half_a_level(random):
    picture = random.random((20, 20, 3), dtype=np.float32)
    assert np.abs(EightBits()(picture, random) - picture).max() <= 0.5 / 255 + 1e-6


@given(st.floats(0, 1))
def test_light_and_values_are_inverse_and_black_and_white_stay(value):
    picture = np.full((1, 1, 3), value, np.float32)
    np.testing.assert_allclose(to_srgb(to_linear(picture)), picture, atol=1e-5)
    for end in (0, 1):
        assert to_linear(np.full((1, 1, 3), end, np.float32)) == pytest.approx(end, abs=1e-6)


def test_a_stop_is_half_the_light(photo, random):
    darker = InLinearLight(Exposure(1))(photo, random)
    np.testing.assert_allclose(to_linear(darker), to_linear(photo) / 2, atol=1e-5)


def test_low_light_is_darker_and_relatively_noisier(flat, random):
    darks = [low_light(stops, 1, 2e-3, 0)(flat(100, 100, 0.6), random) for stops in (1, 3, 5)]
    means = [dark.mean() for dark in darks]
    assert means == sorted(means, reverse=True)
    noise = [dark.std() / dark.mean() for dark in darks]
    assert noise == sorted(noise)


@given(st.floats(-2, 2), st.floats(-1, 1))
def test_a_cast_keeps_the_luminance_of_grey_and_has_its_ratios(warmth, tint):
    red, green, blue = gains(warmth, tint)
    assert LUMA @ [red, green, blue] == pytest.approx(1)
    assert math.log2(red / blue) == pytest.approx(warmth, abs=1e-9)
    assert math.log2(green / math.sqrt(red * blue)) == pytest.approx(tint, abs=1e-9)


def test_warm_is_orange_and_green_is_green(flat, random):
    red, _, blue = ColourCast(1)(flat(1, 1, 0.5), random)[0, 0]
    assert red > 0.5 > blue
    red, green, blue = ColourCast(0, tint=0.5)(flat(1, 1, 0.5), random)[0, 0]
    assert green > red == pytest.approx(blue)


def test_a_matrix_mixes_by_rows(random):
    picture = np.array([[[0.2, 0.4, 0.6]]], np.float32)
    rows = ((0.5, 0.5, 0.0), (0.0, 1.0, 0.0), (0.0, 0.25, 0.75))
    np.testing.assert_allclose(ColourMatrix(rows)(picture, random), [[[0.3, 0.4, 0.55]]], atol=1e-6)
    half = ColourMatrix(rows, amount=0.5)(picture, random)
    np.testing.assert_allclose(half, [[[0.25, 0.4, 0.575]]], atol=1e-6)


@pytest.mark.parametrize("scale", [0.25, 1])
def test_second_order_is_varied_and_leaves_the_picture_in_place(photo, scale):
    results = [
        second_order(scale)(photo, np.random.default_rng(seed)).astype(np.float64)
        for seed in range(8)
    ]
    small = np.clip(bicubic(photo, scale), 0, 1)
    assert {result.shape for result in results} == {small.shape}
    likeness = [np.corrcoef(result.ravel(), small.ravel())[0, 1] for result in results]
    assert min(likeness) > 0.6
    assert max(likeness) < 0.9999
    assert len({round(value, 6) for value in likeness}) == len(results)


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.floats(1, 80))
def test_within_holds_the_shorter_side_and_the_shape(height, width, side):
    picture = np.full((height, width, 3), 0.4, np.float32)
    out = Within(side)(picture, np.random.default_rng(0)).shape[:2]
    if min(height, width) <= side:
        assert out == (height, width)
    else:
        scale = side / min(height, width)
        assert min(out) == math.ceil(side - 1e-9)
        assert max(out) == pytest.approx(scale * max(height, width), abs=1)


@pytest.mark.parametrize("amount", [-0.5, 0.3, 1])
def test_contrast_moves_values_off_middle_grey_or_to_it(amount, random):
    row = np.linspace(0, 1, 65, dtype=np.float32)[None, :, None].repeat(3, 2)
    result = Contrast(amount)(row, random)[0, :, 0]
    assert result[32] == pytest.approx(0.5)
    assert (np.diff(result) >= -1e-6).all()
    spread = np.abs(result[1:-1] - 0.5) - np.abs(row[0, 1:-1, 0] - 0.5)
    assert (spread * amount >= -1e-6).all()


def test_without_saturation_a_picture_has_its_luma_only(photo, random):
    grey = Saturation(0)(photo, random)
    np.testing.assert_allclose(grey, np.repeat(photo @ LUMA[:, None], 3, 2), atol=1e-6)
    np.testing.assert_allclose(Saturation(3)(grey, random), grey, atol=1e-6)


def test_the_tones_of_channels_part_between_black_and_white(random):
    row = np.array([0, 0.5, 1], np.float32)[None, :, None].repeat(3, 2)
    black, middle, white = Gamma(Range(0.5, 2), apart=True)(row, random)[0]
    assert black.tolist() == [0, 0, 0]
    assert white.tolist() == [1, 1, 1]
    assert np.ptp(middle) > 0.01


def test_fog_lifts_black_and_leaves_white(flat, random):
    for before, after in ((0.0, 0.05), (0.5, 0.525), (1.0, 1.0)):
        np.testing.assert_allclose(Fog(0.05)(flat(1, 1, before), random), after, atol=1e-6)


def test_fog_may_differ_by_channel_and_leaves_white(flat, random):
    black = Fog(0.1, apart=0.5)(flat(1, 1, 0.0), random)[0, 0]
    assert ((black >= 0.05 - 1e-6) & (black <= 0.1 + 1e-6)).all()
    assert np.ptp(black) > 1e-4
    np.testing.assert_allclose(Fog(0.1, apart=0.5)(flat(1, 1, 1.0), random), 1, atol=1e-6)


def test_sharpened_edges_overshoot_and_flats_stay(flat, random):
    np.testing.assert_allclose(Sharpened(2)(flat(9, 9, 0.3), random), 0.3, atol=1e-6)
    edge = flat(9, 20, 0.3)
    edge[:, 10:] = 0.6
    sharp = Sharpened(1)(edge, random)[4, :, 0]
    assert sharp[9] < 0.29
    assert sharp[10] > 0.61
