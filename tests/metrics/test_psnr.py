"""PSNR and luma against values worked out by hand and against scikit-image."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import metrics

from printroom.metrics.psnr import luma, psnr

theirs: Any = metrics.peak_signal_noise_ratio


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_it_agrees_with_scikit_image(seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 256, (2, 5, 7, 3)).astype(np.uint8)
    assert psnr(a, b) == pytest.approx(theirs(a, b, data_range=255), abs=1e-9)


def test_16_bit_is_measured_against_its_own_peak() -> None:
    a = np.zeros((3, 3), np.uint16)
    assert psnr(a, a + 65535, peak=65535) == 0


def test_equal_pictures_have_no_error() -> None:
    assert psnr(np.ones((2, 2)), np.ones((2, 2))) == float("inf")


def test_sizes_must_agree() -> None:
    with pytest.raises(ValueError, match=r"\(2, 2\) and \(2, 3\)"):
        psnr(np.ones((2, 2)), np.ones((2, 3)))


def test_there_must_be_samples() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        psnr(np.ones((0, 2)), np.ones((0, 2)))


def test_luma_is_that_of_the_standard() -> None:
    corners = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0]], np.uint8)
    np.testing.assert_allclose(luma(corners), [16, 235, 81.481], atol=1e-9)
