"""What holds of every metric, whatever its formula."""

from collections.abc import Callable, Iterator
from dataclasses import astuple
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from printroom.metrics.fsim import FsimStream, TileStream, fsim, fsimc
from printroom.metrics.gmsd import GmsdStream, gmsd
from printroom.metrics.ms_ssim import MsSsimStream, ms_ssim
from printroom.metrics.pixels import colour, grey
from printroom.metrics.psnr import PsnrStream, psnr
from printroom.metrics.ssim import SsimStream, ssim

Pixels = NDArray[Any]
Metric = Callable[[Pixels, Pixels], float]

METRICS = (psnr, ssim, ms_ssim, gmsd, fsim, fsimc)
BEST: dict[Metric, float] = {psnr: float("inf"), gmsd: 0.0}
"""Value for equal pictures; 1 for the others."""
SHARED = [HealthCheck.function_scoped_fixture]
"""Fixtures that only give functions may be shared by examples."""
each_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)


@each_metric
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_equal_pictures_are_equal(
    metric: Metric, depth: type, photo: Callable[..., Pixels]
) -> None:
    scale = 257 if depth is np.uint16 else 1
    picture: Pixels = photo(177, 201).astype(depth) * scale
    assert metric(picture, picture.copy()) == BEST.get(metric, 1.0)


@each_metric
def test_the_order_does_not_matter(
    metric: Metric, photo: Callable[..., Pixels], noise: Callable[..., Pixels]
) -> None:
    picture = photo(180, 211)
    worse = noise(picture, 20)
    assert metric(picture, worse) == pytest.approx(metric(worse, picture), abs=1e-7)


@each_metric
def test_transposing_both_changes_nothing(
    metric: Metric, photo: Callable[..., Pixels], noise: Callable[..., Pixels]
) -> None:
    # An even side's highest frequency has one sign only, which FSIM's filters can see.
    picture = photo(181, 211)
    worse = noise(picture, 20)
    turned = metric(picture.swapaxes(0, 1), worse.swapaxes(0, 1))
    assert turned == pytest.approx(metric(picture, worse), abs=1e-6)


@each_metric
def test_more_noise_is_worse(
    metric: Metric, photo: Callable[..., Pixels], noise: Callable[..., Pixels]
) -> None:
    picture = photo(256, 300)
    values = [metric(picture, noise(picture, sigma)) for sigma in (0, 2, 5, 10, 20, 40)]
    if metric is gmsd:
        values = [-value for value in values]
    assert all(better > worse for better, worse in pairwise(values))


@each_metric
def test_sizes_must_agree(metric: Metric, photo: Callable[..., Pixels]) -> None:
    with pytest.raises(ValueError, match=r"\(200, 201, 3\) and \(201, 200, 3\)"):
        metric(photo(200, 201), photo(201, 200))


@pytest.mark.parametrize(
    ("metric", "side"), [(ssim, 11), (ms_ssim, 176), (gmsd, 11), (fsim, 11), (fsimc, 11)]
)
def test_there_is_a_smallest_side(
    metric: Metric, side: int, photo: Callable[..., Pixels], blur: Callable[[Pixels], Pixels]
) -> None:
    enough = photo(side, side + 3, "coffee")
    assert np.isfinite(metric(enough, blur(enough)))
    with pytest.raises(ValueError, match=f"needs {side} pixels"):
        metric(enough[1:], enough[1:])


def cut(heights: list[int], *pictures: Pixels) -> Iterator[tuple[Pixels, ...]]:
    """Strips of the heights given, then the rest."""
    edges = sorted({0, *np.cumsum(heights), len(pictures[0])})
    for top, bottom in pairwise(edges):
        yield tuple(picture[top:bottom] for picture in pictures)


@settings(max_examples=6, deadline=None, suppress_health_check=SHARED)
@given(
    heights=st.lists(st.integers(1, 50), max_size=6),
    height=st.integers(176, 300),
    width=st.integers(176, 300),
)
def test_strips_do_not_show(
    heights: list[int],
    height: int,
    width: int,
    photo: Callable[..., Pixels],
    noise: Callable[..., Pixels],
) -> None:
    a = photo(max(height, sum(heights)), width)
    b = noise(a, 10)
    streams = PsnrStream(), SsimStream(), MsSsimStream(), GmsdStream()
    features = FsimStream(*a.shape[:2])
    for one, other in cut(heights, a, b):
        streams[0].add(one, other)
        for stream in streams[1:]:
            stream.add(grey(one), grey(other))
        features.add(colour(one), colour(other))
    plain, chromatic = features.result()
    streamed = {
        psnr: streams[0].result(),
        ssim: streams[1].ssim,
        ms_ssim: streams[2].result(),
        gmsd: streams[3].result(),
        fsim: plain,
        fsimc: chromatic,
    }
    for metric, value in streamed.items():
        assert value == pytest.approx(metric(a, b), abs=1e-9), metric.__name__


@settings(max_examples=5, deadline=None, suppress_health_check=SHARED)
@given(heights=st.lists(st.integers(1, 300), max_size=4), width=st.integers(300, 1100))
def test_strips_do_not_show_in_tiles(
    heights: list[int], width: int, photo: Callable[..., Pixels], noise: Callable[..., Pixels]
) -> None:
    a = photo(max(700, sum(heights)), width)
    b = noise(a, 10)
    whole, streamed = TileStream(*a.shape[:2]), TileStream(*a.shape[:2])
    whole.add(colour(a), colour(b))
    for one, other in cut(heights, a, b):
        streamed.add(colour(one), colour(other))
    assert astuple(streamed.result()) == pytest.approx(astuple(whole.result()), abs=1e-9)
