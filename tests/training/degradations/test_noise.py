"""Noise: variances, correlations and means as promised, within the bounds of chance."""

import numpy as np
import pytest

from printroom.training.degradations.noise import (
    CorrelatedNoise,
    Demosaiced,
    GaussianNoise,
    ShotReadNoise,
)

SIDE = 200
RELATIVE = 5 * np.sqrt(2 / SIDE**2)
"""Five standard deviations of a variance estimated from SIDE^2 normal samples, relative."""


def error(noise, flat, random, level=0.5):
    """(SIDE^2, 3) what `noise` adds to a flat picture."""
    picture = flat(SIDE, SIDE, level)
    return (noise(picture, random) - picture).astype(np.float64).reshape(-1, 3)


def test_gaussian_noise_has_its_sigma_in_every_channel(flat, random):
    added = error(GaussianNoise(20), flat, random)
    assert added.var(0) == pytest.approx((20 / 255) ** 2, rel=RELATIVE)
    assert added.mean(0) == pytest.approx(0, abs=5 * 20 / 255 / SIDE)
    assert np.corrcoef(added.T)[0, 1:] == pytest.approx(0, abs=5 / SIDE)


def test_grey_noise_is_the_same_in_all_channels(flat, random):
    added = error(GaussianNoise(20, grey=True), flat, random)
    assert added[:, 0].var() == pytest.approx((20 / 255) ** 2, rel=RELATIVE)
    np.testing.assert_allclose(added[:, 1:], added[:, :1].repeat(2, 1), atol=1e-6)


@pytest.mark.parametrize("level", [0.1, 0.3, 0.6])
def test_shot_noise_grows_with_the_light(flat, random, level):
    added = error(ShotReadNoise(0.002, 0.01), flat, random, level)
    assert added.var(0) == pytest.approx(0.002 * level + 0.01**2, rel=1.5 * RELATIVE)
    assert added.mean(0) == pytest.approx(0, abs=5 * np.sqrt(0.002 * level + 1e-4) / SIDE)


def test_without_an_amplifier_photons_come_whole_and_black_stays_black(flat, random):
    photons = ShotReadNoise(0.05)(flat(50, 50, 0.3), random) / 0.05
    np.testing.assert_allclose(photons, np.rint(photons), atol=1e-4)
    assert ShotReadNoise(0.05)(flat(50, 50, 0), random).max() == 0


@pytest.mark.parametrize("grain", [0, 0.7, 1.5])
@pytest.mark.parametrize("shared", [0, 0.5, 1])
def test_correlated_noise_keeps_its_variance_and_its_correlations(flat, random, grain, shared):
    added = error(CorrelatedNoise(20, grain, shared), flat, random)
    alike = 1 + 4 * np.pi * grain**2  # pixels that vary together: fewer independent samples
    assert added.var(0) == pytest.approx((20 / 255) ** 2, rel=RELATIVE * np.sqrt(alike))
    assert np.corrcoef(added.T)[0, 1] == pytest.approx(shared, abs=5 / SIDE * np.sqrt(alike))
    field = added[:, 0].reshape(SIDE, SIDE)
    neighbours = np.corrcoef(field[:, 1:].ravel(), field[:, :-1].ravel())[0, 1]
    expected = np.exp(-1 / (4 * grain**2)) if grain else 0
    assert neighbours == pytest.approx(expected, abs=0.02 + 5 / SIDE * np.sqrt(alike))


def test_demosaiced_noise_is_whole_where_measured_and_averaged_between(flat, random):
    added = error(Demosaiced(GaussianNoise(20)), flat, random).reshape(SIDE, SIDE, 3)
    quarter = 2 * RELATIVE
    whole = (20 / 255) ** 2
    assert added[0::2, 0::2, 0].var() == pytest.approx(whole, rel=quarter)
    assert added[0::2, 1::2, 0].var() == pytest.approx(whole / 2, rel=2 * quarter)
    assert added[1::2, 1::2, 0].var() == pytest.approx(whole / 4, rel=2 * quarter)
    assert added[0::2, 1::2, 1].var() == pytest.approx(whole, rel=quarter)
    assert added[1::2, 1::2, 1].var() == pytest.approx(whole / 4, rel=quarter)
    assert added[1::2, 1::2, 2].var() == pytest.approx(whole, rel=quarter)


@pytest.mark.parametrize("size", [(9, 12), (12, 9), (2, 3)])
def test_demosaicing_treats_the_border_like_the_middle(flat, random, size):
    class Lift(GaussianNoise):
        def apply(self, picture, random):
            return picture + np.float32(0.25)

    lifted = Demosaiced(Lift(0))(flat(*size, 0.5), random)
    np.testing.assert_allclose(lifted, 0.75, atol=1e-6)


def test_demosaiced_noise_leaves_detail_alone(photo, random):
    result = Demosaiced(GaussianNoise(1))(photo, random)
    assert np.abs(result - photo).max() < 6 / 255
