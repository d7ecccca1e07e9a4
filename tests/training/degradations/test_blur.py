"""Blur: kernels with the promised moments, brightness kept."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from printroom.training.degradations.base import Range
from printroom.training.degradations.blur import (
    DefocusBlur,
    GaussianBlur,
    MotionBlur,
    Ringing,
    bessel_j1,
    convolve,
    grid,
)


def moments(kernel):
    """Variances along x and y, and the covariance, about the middle."""
    y, x = grid(len(kernel) // 2)
    assert kernel.sum() == pytest.approx(1)
    assert (kernel * x).sum() == pytest.approx(0, abs=1e-6)
    assert (kernel * y).sum() == pytest.approx(0, abs=1e-6)
    return (kernel * x * x).sum(), (kernel * y * y).sum(), (kernel * x * y).sum()


@given(st.floats(0.8, 6), st.floats(0.5, 1), st.floats(0, 180))
def test_a_gaussian_has_its_sigmas_in_its_direction(sigma, ratio, angle):
    shorter = max(sigma * ratio, 0.8)  # a narrower one is not well sampled
    kernel = GaussianBlur(sigma, ratio=shorter / sigma, angle=angle).kernel(
        np.random.default_rng(0)
    )
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    expected = (
        (sigma * cos) ** 2 + (shorter * sin) ** 2,
        (sigma * sin) ** 2 + (shorter * cos) ** 2,
        (sigma**2 - shorter**2) * sin * cos,
    )
    assert moments(kernel) == pytest.approx(expected, abs=0.02 * sigma**2)


@given(st.floats(4, 20))
def test_a_disc_has_the_variance_of_a_disc(radius):
    across, down, mixed = moments(DefocusBlur(radius).kernel(np.random.default_rng(0)))
    assert across == pytest.approx(radius**2 / 4, rel=0.06)
    assert down == pytest.approx(across)
    assert mixed == pytest.approx(0, abs=1e-9)


@given(st.floats(3, 40), st.floats(0, 180))
def test_a_straight_track_has_the_variance_of_a_line(length, angle):
    across, down, mixed = moments(MotionBlur(length, angle).kernel(np.random.default_rng(0)))
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    spread = length**2 / 12  # and up to 1/4 on each axis from pixels' own width
    assert spread * cos**2 - 0.05 <= across <= spread * cos**2 * 1.03 + 0.3
    assert spread * sin**2 - 0.05 <= down <= spread * sin**2 * 1.03 + 0.3
    assert mixed == pytest.approx(spread * sin * cos, abs=0.03 * spread + 0.1)


def test_a_bent_track_is_shorter_than_it_is_long():
    random = np.random.default_rng(0)
    spans = [sum(moments(MotionBlur(20, 30, bend).kernel(random))[:2]) for bend in (0, 90, 180)]
    assert spans == sorted(spans, reverse=True)


@settings(deadline=None)
@given(st.floats(0, 4), st.integers(1, 40), st.integers(1, 40))
def test_a_round_blur_keeps_the_mean(sigma, height, width):
    picture = np.random.default_rng(height).random((height, width, 3), dtype=np.float32)
    result = GaussianBlur(sigma)(picture, np.random.default_rng(0))
    np.testing.assert_allclose(result.mean((0, 1)), picture.mean((0, 1)), atol=1e-5)


@pytest.mark.parametrize(
    "blur",
    [
        GaussianBlur(4, ratio=0.2, angle=Range(0, 180)),
        MotionBlur(20, angle=Range(0, 360), bend=60),
        DefocusBlur(6),
        Ringing(1.5),
    ],
    ids=repr,
)
def test_other_blurs_keep_flat_pictures_and_nearly_the_mean(blur, photo, flat, random):
    np.testing.assert_allclose(blur(flat(20, 30, 0.3), random), 0.3, atol=1e-6)
    assert blur(photo, random).mean() == pytest.approx(photo.mean(), abs=0.01)


def test_convolution_is_not_correlation(random):
    impulse = np.zeros((7, 7, 3), np.float32)
    impulse[3, 3] = 1
    kernel = random.random((3, 3))
    np.testing.assert_allclose(convolve(impulse, kernel)[2:5, 2:5, 0], kernel, atol=1e-6)


def test_ringing_overshoots_at_an_edge(random):
    edge = np.zeros((60, 60, 3), np.float32)
    edge[:, 30:] = 0.5
    assert Ringing(1.5)(edge, random).max() > 0.51


@pytest.mark.parametrize(("frequency", "passes"), [(0.6, 1), (1.6, 0)])
def test_ringing_passes_what_is_below_the_cutoff(random, frequency, passes):
    wave = 0.5 + 0.3 * np.sin(np.arange(120) * frequency)
    picture = np.ones((80, 120, 3), np.float32) * wave[:, None].astype(np.float32)
    result = Ringing(1.1, radius=20)(picture, random)[25:-25, 25:-25]
    assert result.std() == pytest.approx(passes * 0.3 / math.sqrt(2), abs=0.03)


def test_bessel_agrees_with_scipy():
    x = np.linspace(0, 160, 3001)
    np.testing.assert_allclose(bessel_j1(x), special.j1(x), atol=1e-12)
