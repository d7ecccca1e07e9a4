"""Laws of MATLAB's bicubic, and values worked out by hand from Keys' kernel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.imaging.bicubic import bicubic


@given(st.integers(1, 24), st.integers(1, 24), st.sampled_from([0.25, 0.5, 1 / 3, 1, 2, 3, 4]))
def test_a_flat_picture_stays_flat_and_sides_are_rounded_up(height, width, scale):
    result = bicubic(np.full((height, width, 3), 7.0), scale)
    assert result.shape == (int(np.ceil(height * scale)), int(np.ceil(width * scale)), 3)
    np.testing.assert_allclose(result, 7.0, atol=1e-12)


@given(st.integers(2, 16), st.sampled_from([0.5, 2]))
def test_it_commutes_with_turning_and_mirroring(side, scale):
    picture = np.random.default_rng(side).random((side * 2, side * 2))
    once = bicubic(picture, scale)
    np.testing.assert_allclose(bicubic(np.rot90(picture), scale), np.rot90(once), atol=1e-12)
    np.testing.assert_allclose(bicubic(picture[::-1], scale), once[::-1], atol=1e-12)


def test_doubling_places_the_kernel_at_quarter_pixels():
    impulse = np.zeros(9)
    impulse[4] = 1
    across = bicubic(np.tile(impulse, (9, 1)), 2)[9]
    # Keys' kernel (a = -1/2) at distances 1.75, 1.25, .75, .25 and back
    kernel = [-0.0234375, -0.0703125, 0.2265625, 0.8671875]
    np.testing.assert_allclose(across[5:13], kernel + kernel[::-1], atol=1e-12)


def test_halving_widens_the_kernel():
    impulse = np.zeros(16)
    impulse[8] = 1
    across = bicubic(np.tile(impulse, (16, 1)), 0.5)[4]
    # the kernel is halved and twice as wide: distances 1.75, .75, .25, 1.25 and 2.25 of Keys'
    np.testing.assert_allclose(across[2:7], [-0.01171875, 0.11328125, 0.43359375, -0.03515625, 0])


def test_scale_must_be_positive():
    with pytest.raises(ValueError, match="scale must be above 0"):
        bicubic(np.zeros((2, 2)), 0)
