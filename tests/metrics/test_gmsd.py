"""GMSD against its formula, written out in float64."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from printroom.metrics.gmsd import gmsd

Pixels = NDArray[Any]


def by_definition(a: Pixels, b: Pixels) -> float:
    ga, gb = gradient(halved(a)), gradient(halved(b))
    likeness = (2 * ga * gb + 170) / (ga**2 + gb**2 + 170)
    return float(likeness.std(ddof=1))


def halved(x: Pixels) -> Pixels:
    even = np.pad(x.astype(np.float64), ((0, x.shape[0] % 2), (0, x.shape[1] % 2)))
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4


def gradient(x: Pixels) -> Pixels:
    p = np.pad(x, 1)
    across = (p[:, 2:] - p[:, :-2]) / 3
    along = (p[2:] - p[:-2]) / 3
    gx = across[:-2] + across[1:-1] + across[2:]
    gy = along[:, :-2] + along[:, 1:-1] + along[:, 2:]
    return np.asarray(np.hypot(gx, gy))


@settings(max_examples=30, deadline=None)
@given(st.integers(11, 90), st.integers(11, 90), st.integers(0, 1000))
def test_it_agrees_with_its_definition(height: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    a = random.integers(0, 256, (height, width)).astype(np.uint8)
    b = np.clip(a + random.integers(-9, 9, a.shape), 0, 255).astype(np.uint8)
    assert gmsd(a, b) == pytest.approx(by_definition(a, b), abs=1e-7)


def test_small_differences_keep_their_digits(photo: Callable[..., Pixels]) -> None:
    a = photo(257, 301, "camera")
    b = a.copy()
    b[100, 100] ^= 1
    assert gmsd(a, b) == pytest.approx(by_definition(a, b), rel=1e-3)
