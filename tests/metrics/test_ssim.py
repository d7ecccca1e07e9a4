"""SSIM and MS-SSIM against scikit-image, on photos and on random pictures of odd sizes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import filters, metrics

from printroom.metrics.ms_ssim import WEIGHTS, ms_ssim
from printroom.metrics.pixels import grey
from printroom.metrics.ssim import SsimStream, ssim

Pixels = NDArray[Any]

structural_similarity: Any = metrics.structural_similarity
gaussian: Any = filters.gaussian


def theirs(a: Pixels, b: Pixels) -> float:
    return float(
        structural_similarity(
            a.astype(np.float64),
            b.astype(np.float64),
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "camera"])
@pytest.mark.parametrize("sigma", [1, 10, 60])
def test_it_agrees_with_scikit_image_on_photos(
    name: str, sigma: float, photo: Callable[..., Pixels], noise: Callable[..., Pixels]
) -> None:
    a = grey(photo(300, 451, name))
    b = noise(a, sigma)
    assert ssim(a, b) == pytest.approx(theirs(a, b), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(11, 70), st.integers(11, 70), st.integers(0, 1000))
def test_it_agrees_with_scikit_image_on_odd_sizes(height: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    a = random.integers(0, 256, (height, width)).astype(np.uint8)
    b = np.clip(a + random.integers(-20, 60, a.shape), 0, 255).astype(np.uint8)
    assert ssim(a, b) == pytest.approx(theirs(a, b), abs=1e-6)


@pytest.mark.parametrize("level", [0, 128, 250])
def test_flat_pictures_keep_their_digits(level: int) -> None:
    """Float32 filters of squares lose digits where variance is small beside the mean."""
    a = np.full((40, 40), level, np.uint8)
    a[::7, ::5] += 1
    b = np.full((40, 40), level, np.uint8)
    assert ssim(a, b) == pytest.approx(theirs(a, b), abs=1e-6)


def test_the_map_is_that_of_the_windows_inside(photo: Callable[..., Pixels]) -> None:
    a = grey(photo(50, 61))
    b = a.copy()
    b[20:25, 30:35] ^= 64
    rows = SsimStream().add(a, b)
    assert rows.shape == (40, 51)
    touched = np.zeros_like(rows, bool)
    touched[10:25, 20:35] = True  # a window's top left corner is at most ten pixels before
    np.testing.assert_array_equal(rows[~touched], 1)
    assert (rows[touched] < 1).all()


def by_definition(a: Pixels, b: Pixels) -> float:
    """MS-SSIM in float64, scale by scale, with scikit-image's Gaussian."""
    c1, c2, result = 6.5025, 58.5225, 1.0

    def mean(x: Pixels) -> Pixels:
        smooth: Pixels = gaussian(x, 1.5, truncate=3.5, preserve_range=True)[5:-5, 5:-5]
        return smooth

    for scale, weight in enumerate(WEIGHTS):
        ma, mb = mean(a), mean(b)
        va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
        term = (2 * cov + c2) / (va + vb + c2)
        if scale == len(WEIGHTS) - 1:
            term *= (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
        result *= max(term.mean(), 0) ** weight
        a, b = halved(a), halved(b)
    return result


def halved(x: Pixels) -> Pixels:
    even = np.pad(x, ((0, x.shape[0] % 2), (0, x.shape[1] % 2)), mode="edge")
    blocks = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2)
    return np.asarray(blocks.mean((1, 3)))


@pytest.mark.parametrize("size", [(176, 176), (201, 333), (383, 179), (400, 501)])
def test_ms_ssim_agrees_with_its_definition(
    size: tuple[int, int], photo: Callable[..., Pixels], noise: Callable[..., Pixels]
) -> None:
    a = grey(photo(*size))
    b = noise(a, 25)
    expected = by_definition(a.astype(np.float64), b.astype(np.float64))
    assert ms_ssim(a, b) == pytest.approx(expected, abs=1e-6)


def test_ms_ssim_of_a_negative_is_zero(photo: Callable[..., Pixels]) -> None:
    a = grey(photo(200, 200))
    assert ms_ssim(a, 255 - a) == 0
