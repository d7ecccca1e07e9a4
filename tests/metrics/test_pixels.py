"""Grey as MATLAB has it, and pictures that are none."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.metrics.pixels import colour, grey


def test_grey_is_matlabs_rounded_one() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    weights = [0.298936021293775, 0.587043074451121, 0.114020904255103]
    np.testing.assert_array_equal(grey(rgb), np.floor(rgb.astype(np.float64) @ weights + 0.5))
    assert grey(rgb).dtype == np.uint8


def test_equal_channels_are_their_own_grey() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(grey(np.dstack([levels] * 3)), levels)
    np.testing.assert_array_equal(grey(levels[..., None]), levels)


def test_16_bit_is_scaled_and_not_rounded() -> None:
    levels = np.array([[0, 1, 257, 65535]], np.uint16)
    expected = np.array([[0, 1 / 257, 1, 255]], np.float32)
    np.testing.assert_allclose(grey(levels), expected, rtol=1e-6)
    np.testing.assert_allclose(grey(np.dstack([levels] * 3)), expected, rtol=1e-6)
    np.testing.assert_allclose(colour(levels)[..., 0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.zeros((4, 4), np.float32), "uint8 or uint16, not float32"),
        (np.zeros((4, 4, 4), np.uint8), r"not \(4, 4, 4\)"),
        (np.zeros(4, np.uint8), r"not \(4,\)"),
    ],
)
def test_what_is_no_picture_is_refused(picture: NDArray[Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        grey(picture)
